//! The queue, rule and replay of one reading: made, drained, and taken away again.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use aws_sdk_eventbridge::types::{ReplayDestination, ReplayState};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::DateTime;
use semel_exactly_once::Class;
use serde_json::json;

use super::{Bus, Pace, Replay, Step};
use crate::AwsError;
use crate::operator::{Operator, Result, Rule, Target};

/// Longer than any reading: a message is received once, and is gone with its queue.
const HIDDEN_S: u32 = 43_200;
/// What a queue that was left behind keeps, and for how long: events may hold personal data.
const RETENTION_S: u32 = 3_600;
const TARGET: &str = "queue";

/// What was made, or may have been made, for one replay: all of it has one name.
pub(super) struct Made<'a> {
    operator: &'a Operator,
    name: String,
    bus: Bus,
    queue_url: Option<String>,
    is_running: bool,
}

impl<'a> Made<'a> {
    /// Makes nothing yet.
    pub fn new(operator: &'a Operator, name: String, bus: Bus) -> Self {
        Self { operator, name, bus, queue_url: None, is_running: false }
    }

    /// Makes it, replays, and hands on what comes; answers whether all has come.
    pub async fn run(
        &mut self,
        replay: &Replay<'_>,
        watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<bool> {
        let rule_arn = self.prepare().await?;
        let settled = SystemTime::now() + replay.pace.settle;
        while let Ok(left) = settled.duration_since(SystemTime::now())
            && !left.is_zero()
        {
            if watch(Step::Waiting).is_break() {
                return Ok(false);
            }
            tokio::time::sleep(left.min(Duration::from_secs(1))).await;
        }
        self.start(replay, rule_arn).await?;
        self.drain(replay.pace, watch).await
    }

    /// Makes the queue and the rule that leads to it; answers the rule's ARN.
    async fn prepare(&mut self) -> Result<String> {
        let queues = &self.operator.queues;
        let request = queues.create_queue().queue_name(&self.name);
        let request = request.attributes(QueueAttributeName::MessageRetentionPeriod, RETENTION_S.to_string());
        let request = request.attributes(QueueAttributeName::VisibilityTimeout, HIDDEN_S.to_string());
        let created = request.send().await.map_err(|error| AwsError::of("SQS CreateQueue", &error))?;
        let Some(queue_url) = created.queue_url else {
            let message = "the answer leaves out what was made";
            return Err(AwsError::new(Class::Fatal, "SQS CreateQueue", "Incomplete", message));
        };
        let queue_url = self.queue_url.insert(queue_url).clone();
        let queue_arn = self.operator.queue_arn(&queue_url).await?;

        let rule = Rule {
            name: self.name.clone(),
            description: "Temporary: reads a replay, then goes".to_owned(),
            is_enabled: true,
            pattern: json!({ "replay-name": [self.name] }).to_string(),
            ..Rule::default()
        };
        let rule_arn = self.operator.put_rule(&self.bus.name, &rule).await?;

        let policy = HashMap::from([(QueueAttributeName::Policy, policy(&queue_arn, &rule_arn))]);
        let request = queues.set_queue_attributes().queue_url(queue_url).set_attributes(Some(policy));
        request.send().await.map_err(|error| AwsError::of("SQS SetQueueAttributes", &error))?;

        let target = Target::new(TARGET, &queue_arn);
        self.operator.put_targets(&self.bus.name, &self.name, &[target]).await?;
        Ok(rule_arn)
    }

    async fn start(&mut self, replay: &Replay<'_>, rule_arn: String) -> Result<()> {
        const OPERATION: &str = "EventBridge StartReplay";
        let destination = ReplayDestination::builder().arn(self.bus.arn()).filter_arns(rule_arn).build();
        let destination = destination.map_err(|error| {
            AwsError::new(Class::Fatal, OPERATION, "ConstructionFailure", &error.to_string())
        })?;
        let request = self.operator.events.start_replay().replay_name(&self.name).destination(destination);
        let request = request.event_source_arn(self.bus.archive_arn(replay.archive));
        let request = request.event_start_time(DateTime::from(replay.from));
        let request = request.event_end_time(DateTime::from(replay.until));
        // Of a request whose answer is lost nobody knows.
        self.is_running = true;
        request.send().await.map(drop).map_err(|error| AwsError::of(OPERATION, &error))
    }

    async fn drain(
        &mut self,
        pace: Pace,
        watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<bool> {
        let mut in_vain = 0;
        loop {
            let bodies = self.receive(pace.poll_s).await?;
            for body in &bodies {
                if watch(Step::Event(body)).is_break() {
                    return Ok(false);
                }
            }
            in_vain = if bodies.is_empty() { in_vain + 1 } else { 0 };
            if in_vain == 0 {
                continue;
            }
            if watch(Step::Waiting).is_break() {
                return Ok(false);
            }
            if !self.is_running {
                if in_vain >= pace.quiet_polls {
                    return Ok(true);
                }
            } else if self.has_ended().await? {
                // What came last may still be on its way.
                (self.is_running, in_vain) = (false, 0);
            } else if in_vain >= pace.patience_polls {
                let message = "it has not ended, and nothing comes any more";
                return Err(AwsError::new(Class::Transient, "EventBridge StartReplay", "Silent", message));
            }
        }
    }

    async fn receive(&self, poll_s: i32) -> Result<Vec<String>> {
        let request = self.operator.queues.receive_message().set_queue_url(self.queue_url.clone());
        let answer = request.max_number_of_messages(10).wait_time_seconds(poll_s).send().await;
        let answer = answer.map_err(|error| AwsError::of("SQS ReceiveMessage", &error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(|message| message.body).collect())
    }

    async fn has_ended(&self) -> Result<bool> {
        const OPERATION: &str = "EventBridge DescribeReplay";
        let answer = self.operator.events.describe_replay().replay_name(&self.name).send().await;
        let answer = answer.map_err(|error| AwsError::of(OPERATION, &error))?;
        match answer.state {
            Some(ReplayState::Completed) => Ok(true),
            Some(state @ (ReplayState::Failed | ReplayState::Cancelled | ReplayState::Cancelling)) => {
                let reason = answer.state_reason.unwrap_or_else(|| "no reason is given".to_owned());
                Err(AwsError::new(Class::Transient, OPERATION, state.as_str(), &reason))
            }
            // The enum is open; a state that nobody has met yet is no end.
            Some(ReplayState::Starting | ReplayState::Running | _) | None => Ok(false),
        }
    }

    /// Takes everything away, whether or not each was made. Goes on after a failure, and answers the first.
    pub async fn remove(&self) -> Result<()> {
        let (operator, bus) = (self.operator, &self.bus.name);
        let mut outcomes = Vec::new();
        if self.is_running {
            let answer = operator.events.cancel_replay().replay_name(&self.name).send().await;
            outcomes.push(answer.map(drop).map_err(|error| AwsError::of("EventBridge CancelReplay", &error)));
        }
        outcomes.push(operator.remove_targets(bus, &self.name, &[TARGET.to_owned()]).await);
        outcomes.push(operator.delete_rule(bus, &self.name).await);
        outcomes.push(self.remove_queue().await);
        outcomes.into_iter().find(|outcome| outcome.as_ref().is_err_and(|it| !is_gone(it))).unwrap_or(Ok(()))
    }

    async fn remove_queue(&self) -> Result<()> {
        let queues = &self.operator.queues;
        let mut queue_url = self.queue_url.clone();
        if queue_url.is_none() {
            // Making it failed, or only the answer was lost.
            let found = queues.get_queue_url().queue_name(&self.name).send().await;
            queue_url = found.map_err(|error| AwsError::of("SQS GetQueueUrl", &error))?.queue_url;
        }
        let answer = queues.delete_queue().set_queue_url(queue_url).send().await;
        answer.map(drop).map_err(|error| AwsError::of("SQS DeleteQueue", &error))
    }

    /// What a failed removal means.
    pub fn left_behind(&self, error: AwsError, first: Option<&AwsError>) -> AwsError {
        let first = first.map_or_else(String::new, |first| format!("; before that, {first}"));
        let message = format!("a rule, queue or replay {} may be left: {}{first}", self.name, error.message);
        AwsError { message, ..error }
    }
}

/// Lets the rule, and nobody else, send to the queue.
fn policy(queue_arn: &str, rule_arn: &str) -> String {
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": { "ArnEquals": { "aws:SourceArn": rule_arn } },
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Whether what was to be removed is not there, or a replay that was to be cancelled has ended.
fn is_gone(error: &AwsError) -> bool {
    let gone = [
        "ResourceNotFoundException",
        "IllegalStatusException",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    ];
    // The local engine's word for a replay that has ended.
    let has_ended = error.operation.ends_with("CancelReplay") && error.code == "ValidationException";
    gone.contains(&error.code.as_str()) || has_ended
}

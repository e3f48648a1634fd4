//! Rules of an event bus and what they send to: read, put, and taken away.
//!
//! Knows what `EventBridge` says about rules, and neither why a rule is there nor in which order changes are safe.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_eventbridge::types::{
    DeadLetterConfig, InputTransformer, RetryPolicy, RuleState, SqsParameters, Tag, Target as SdkTarget,
};
use aws_sdk_sqs::types::QueueAttributeName;
use semel_exactly_once::Class;

use super::{Operator, Result};
use crate::AwsError;

/// A rule of a bus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique on its bus.
    pub name: String,
    /// Its ARN; empty for a rule that is yet to be put.
    pub arn: String,
    /// What people are told of it.
    pub description: String,
    /// Whether events find it.
    pub is_enabled: bool,
    /// Its event pattern, as JSON text; empty for a schedule.
    pub pattern: String,
    /// What it sends to.
    pub targets: Vec<Target>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The AWS service that keeps it, if one does.
    pub managed_by: Option<String>,
}

/// What a rule sends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id, unique in its rule.
    pub id: String,
    /// The ARN of the queue, function, topic or whatever else it is.
    pub arn: String,
    /// What it receives.
    pub input: TargetInput,
    /// The queue that gets what cannot be delivered.
    pub dead_letter: Option<String>,
    /// How long delivery is tried.
    pub retry: Retry,
    /// The message group, for a queue that has groups.
    pub message_group_id: Option<String>,
    /// The role under which `EventBridge` delivers, where it needs one.
    pub role_arn: Option<String>,
    /// Whether it has parameters that are not in this struct (of other services than queues).
    pub has_more: bool,
}

/// What a target receives of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetInput {
    /// The event.
    Event,
    /// This JSON text.
    Constant(String),
    /// What stands at this path.
    Path(String),
    /// A text made from a template.
    Transformer {
        /// The path of each variable.
        paths: BTreeMap<String, String>,
        /// The template.
        template: String,
    },
}

/// How long delivery to a target is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Seconds after which an event is given up.
    pub maximum_event_age_seconds: i32,
    /// Attempts after which an event is given up.
    pub maximum_attempts: i32,
}

/// What `EventBridge` does when nobody says anything.
impl Default for Retry {
    fn default() -> Self {
        Self { maximum_event_age_seconds: 86_400, maximum_attempts: 185 }
    }
}

impl Operator {
    /// The ARN of a bus.
    pub async fn bus_arn(&self, bus: &str) -> Result<String> {
        const OPERATION: &str = "EventBridge DescribeEventBus";
        let answer = self.events.describe_event_bus().name(bus).send().await;
        let arn = answer.map_err(|error| AwsError::of(OPERATION, &error))?.arn;
        arn.ok_or_else(|| no_arn(OPERATION))
    }

    /// Every rule of a bus, with its tags and targets. Two requests more for each rule.
    pub async fn rules(&self, bus: &str) -> Result<Vec<Rule>> {
        let mut rules = Vec::new();
        let mut token = None;
        loop {
            let request = self.events.list_rules().event_bus_name(bus).set_next_token(token);
            let page = request.send().await.map_err(|error| AwsError::of("EventBridge ListRules", &error))?;
            for found in page.rules.unwrap_or_default() {
                let name = found.name.unwrap_or_default();
                let arn = found.arn.unwrap_or_default();
                rules.push(Rule {
                    targets: self.targets(bus, &name).await?,
                    tags: self.tags(&arn).await?,
                    name,
                    arn,
                    description: found.description.unwrap_or_default(),
                    is_enabled: found.state != Some(RuleState::Disabled),
                    pattern: found.event_pattern.unwrap_or_default(),
                    managed_by: found.managed_by,
                });
            }
            match page.next_token {
                Some(next) => token = Some(next),
                None => return Ok(rules),
            }
        }
    }

    async fn targets(&self, bus: &str, rule: &str) -> Result<Vec<Target>> {
        let mut targets = Vec::new();
        let mut token = None;
        loop {
            let request = self.events.list_targets_by_rule().event_bus_name(bus).rule(rule);
            let page = request.set_next_token(token).send().await;
            let page = page.map_err(|error| AwsError::of("EventBridge ListTargetsByRule", &error))?;
            targets.extend(page.targets.unwrap_or_default().into_iter().map(Target::read));
            match page.next_token {
                Some(next) => token = Some(next),
                None => return Ok(targets),
            }
        }
    }

    async fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>> {
        let answer = self.events.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.map_err(|error| AwsError::of("EventBridge ListTagsForResource", &error))?;
        Ok(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// Makes or changes a rule, but not its targets; answers its ARN. `EventBridge` sets tags of a new rule only.
    pub async fn put_rule(&self, bus: &str, rule: &Rule) -> Result<String> {
        const OPERATION: &str = "EventBridge PutRule";
        let state = if rule.is_enabled { RuleState::Enabled } else { RuleState::Disabled };
        let request = self.events.put_rule().event_bus_name(bus).name(&rule.name).state(state);
        let mut request = request.description(&rule.description).event_pattern(&rule.pattern);
        for (key, value) in &rule.tags {
            let tag = Tag::builder().key(key).value(value).build();
            let tag = tag.map_err(|error| {
                AwsError::new(Class::Fatal, OPERATION, "ConstructionFailure", &error.to_string())
            })?;
            request = request.tags(tag);
        }
        let arn = request.send().await.map_err(|error| AwsError::of(OPERATION, &error))?.rule_arn;
        arn.ok_or_else(|| no_arn(OPERATION))
    }

    /// Adds targets, and replaces those whose ids are there.
    pub async fn put_targets(&self, bus: &str, rule: &str, targets: &[Target]) -> Result<()> {
        const OPERATION: &str = "EventBridge PutTargets";
        let written: std::result::Result<Vec<_>, _> = targets.iter().map(Target::write).collect();
        let written = written.map_err(|error| {
            AwsError::new(Class::Fatal, OPERATION, "ConstructionFailure", &error.to_string())
        })?;
        let request = self.events.put_targets().event_bus_name(bus).rule(rule).set_targets(Some(written));
        let answer = request.send().await.map_err(|error| AwsError::of(OPERATION, &error))?;
        match answer.failed_entries().first() {
            Some(entry) => {
                Err(of_target(OPERATION, entry.target_id(), entry.error_code(), entry.error_message()))
            }
            None => Ok(()),
        }
    }

    /// Takes targets away.
    pub async fn remove_targets(&self, bus: &str, rule: &str, ids: &[String]) -> Result<()> {
        const OPERATION: &str = "EventBridge RemoveTargets";
        let request = self.events.remove_targets().event_bus_name(bus).rule(rule);
        let answer = request.set_ids(Some(ids.to_vec())).send().await;
        let answer = answer.map_err(|error| AwsError::of(OPERATION, &error))?;
        match answer.failed_entries().first() {
            Some(entry) => {
                Err(of_target(OPERATION, entry.target_id(), entry.error_code(), entry.error_message()))
            }
            None => Ok(()),
        }
    }

    /// Lets events find a rule.
    pub async fn enable_rule(&self, bus: &str, rule: &str) -> Result<()> {
        let answer = self.events.enable_rule().event_bus_name(bus).name(rule).send().await;
        answer.map(drop).map_err(|error| AwsError::of("EventBridge EnableRule", &error))
    }

    /// Deletes a rule that has no targets.
    pub async fn delete_rule(&self, bus: &str, rule: &str) -> Result<()> {
        let answer = self.events.delete_rule().event_bus_name(bus).name(rule).send().await;
        answer.map(drop).map_err(|error| AwsError::of("EventBridge DeleteRule", &error))
    }

    /// The resource policy of a queue, if it has one. An error if there is no such queue.
    pub async fn queue_policy(&self, account: &str, name: &str) -> Result<Option<String>> {
        let answer = self.queues.get_queue_url().queue_name(name).queue_owner_aws_account_id(account);
        let url = answer.send().await.map_err(|error| AwsError::of("SQS GetQueueUrl", &error))?.queue_url;
        let policy = QueueAttributeName::Policy;
        let request = self.queues.get_queue_attributes().set_queue_url(url).attribute_names(policy.clone());
        let answer = request.send().await.map_err(|error| AwsError::of("SQS GetQueueAttributes", &error))?;
        Ok(answer.attributes.unwrap_or_default().remove(&policy).filter(|text| !text.is_empty()))
    }

    /// The resource policy of a topic, if it has one. An error if there is no such topic.
    pub async fn topic_policy(&self, arn: &str) -> Result<Option<String>> {
        let answer = self.topics.get_topic_attributes().topic_arn(arn).send().await;
        let answer = answer.map_err(|error| AwsError::of("SNS GetTopicAttributes", &error))?;
        Ok(answer.attributes.unwrap_or_default().remove("Policy").filter(|text| !text.is_empty()))
    }
}

fn no_arn(operation: &'static str) -> AwsError {
    AwsError::new(Class::Fatal, operation, "NoArn", "the answer leaves out the ARN")
}

/// Why one target was refused.
fn of_target(
    operation: &'static str,
    id: Option<&str>,
    code: Option<&str>,
    message: Option<&str>,
) -> AwsError {
    let (id, message) = (id.unwrap_or_default(), message.unwrap_or_default());
    AwsError::entry(operation, code, Some(&format!("target {id}: {message}")))
}

impl Target {
    /// Gets every event as it is, for as long as `EventBridge` tries by itself.
    pub fn new(id: &str, arn: &str) -> Self {
        Self {
            id: id.to_owned(),
            arn: arn.to_owned(),
            input: TargetInput::Event,
            dead_letter: None,
            retry: Retry::default(),
            message_group_id: None,
            role_arn: None,
            has_more: false,
        }
    }

    fn read(target: SdkTarget) -> Self {
        let has_more = target.kinesis_parameters.is_some()
            || target.run_command_parameters.is_some()
            || target.ecs_parameters.is_some()
            || target.batch_parameters.is_some()
            || target.http_parameters.is_some()
            || target.redshift_data_parameters.is_some()
            || target.sage_maker_pipeline_parameters.is_some()
            || target.app_sync_parameters.is_some();
        let usual = Retry::default();
        let retry = target.retry_policy.map_or(usual, |policy| Retry {
            maximum_event_age_seconds: policy
                .maximum_event_age_in_seconds
                .unwrap_or(usual.maximum_event_age_seconds),
            maximum_attempts: policy.maximum_retry_attempts.unwrap_or(usual.maximum_attempts),
        });
        let input = match (target.input, target.input_path, target.input_transformer) {
            (Some(text), _, _) => TargetInput::Constant(text),
            (None, Some(path), _) => TargetInput::Path(path),
            (None, None, Some(transformer)) => TargetInput::Transformer {
                paths: transformer.input_paths_map.unwrap_or_default().into_iter().collect(),
                template: transformer.input_template,
            },
            (None, None, None) => TargetInput::Event,
        };
        Self {
            id: target.id,
            arn: target.arn,
            input,
            dead_letter: target.dead_letter_config.and_then(|config| config.arn),
            retry,
            message_group_id: target.sqs_parameters.and_then(|queue| queue.message_group_id),
            role_arn: target.role_arn,
            has_more,
        }
    }

    fn write(&self) -> std::result::Result<SdkTarget, aws_smithy_types::error::operation::BuildError> {
        let target = SdkTarget::builder().id(&self.id).arn(&self.arn).set_role_arn(self.role_arn.clone());
        let target = match &self.input {
            TargetInput::Event => target,
            TargetInput::Constant(text) => target.input(text),
            TargetInput::Path(path) => target.input_path(path),
            TargetInput::Transformer { paths, template } => {
                let paths: HashMap<String, String> = paths.clone().into_iter().collect();
                let transformer = InputTransformer::builder().input_template(template);
                let paths = (!paths.is_empty()).then_some(paths);
                target.input_transformer(transformer.set_input_paths_map(paths).build()?)
            }
        };
        let dead_letter = self.dead_letter.as_ref().map(|arn| DeadLetterConfig::builder().arn(arn).build());
        let group = self.message_group_id.as_ref();
        let group = group.map(|group| SqsParameters::builder().message_group_id(group).build());
        let retry = RetryPolicy::builder()
            .maximum_event_age_in_seconds(self.retry.maximum_event_age_seconds)
            .maximum_retry_attempts(self.retry.maximum_attempts)
            .build();
        target.set_dead_letter_config(dead_letter).set_sqs_parameters(group).retry_policy(retry).build()
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;

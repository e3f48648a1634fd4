//! What waits in a queue, and why letters are dead.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use semel_exactly_once::Class;

use super::{Operator, Result};
use crate::AwsError;

/// Messages of a queue, as SQS approximates them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: u64,
    /// Received and not yet deleted.
    pub in_flight: u64,
    /// Not ready yet.
    pub delayed: u64,
}

impl Depth {
    /// All of them.
    pub fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// A message of a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message as its consumer got it.
    pub body: String,
    /// Why it is here; empty if the queue's own redrive policy moved it.
    pub attributes: BTreeMap<String, String>,
}

impl Operator {
    /// How much waits in a queue.
    pub async fn depth(&self, queue_url: &str) -> Result<Depth> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.queues.get_queue_attributes().queue_url(queue_url);
        let answer = request.set_attribute_names(Some(names.to_vec())).send().await;
        let attributes = answer
            .map_err(|error| AwsError::of("SQS GetQueueAttributes", &error))?
            .attributes
            .unwrap_or_default();
        let count = |name| attributes.get(name).and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(Depth { visible: count(&names[0]), in_flight: count(&names[1]), delayed: count(&names[2]) })
    }

    /// Sends every letter of a dead-letter queue to `queue_url` again, as new messages. Answers when the move has
    /// been accepted; it may go on for a while.
    pub async fn redrive(&self, dead_letters_url: &str, queue_url: &str) -> Result<()> {
        // The destination must be said: letters that a function sent itself have no queue they came from.
        let (from, to) = (self.queue_arn(dead_letters_url).await?, self.queue_arn(queue_url).await?);
        let request = self.queues.start_message_move_task().source_arn(from).destination_arn(to);
        let answer = request.send().await;
        answer.map(drop).map_err(|error| AwsError::of("SQS StartMessageMoveTask", &error))
    }

    pub(super) async fn queue_arn(&self, queue_url: &str) -> Result<String> {
        const OPERATION: &str = "SQS GetQueueAttributes";
        let name = QueueAttributeName::QueueArn;
        let request = self.queues.get_queue_attributes().queue_url(queue_url).attribute_names(name.clone());
        let answer = request.send().await.map_err(|error| AwsError::of(OPERATION, &error))?;
        let arn = answer.attributes.unwrap_or_default().remove(&name);
        arn.ok_or_else(|| AwsError::new(Class::Fatal, OPERATION, "NoArn", "the answer leaves out the ARN"))
    }

    /// Up to ten letters of a dead-letter queue. They stay there, hidden for a second.
    pub async fn dead_letters(&self, queue_url: &str) -> Result<Vec<DeadLetter>> {
        let request = self.queues.receive_message().queue_url(queue_url).max_number_of_messages(10);
        let answer = request.visibility_timeout(1).message_attribute_names("All").send().await;
        let messages = answer.map_err(|error| AwsError::of("SQS ReceiveMessage", &error))?.messages;
        let letter = |message: aws_sdk_sqs::types::Message| {
            let attributes = message.message_attributes.unwrap_or_default().into_iter();
            DeadLetter {
                body: message.body.unwrap_or_default(),
                attributes: attributes
                    .filter_map(|(name, value)| Some((name, value.string_value?)))
                    .collect(),
            }
        };
        Ok(messages.unwrap_or_default().into_iter().map(letter).collect())
    }
}

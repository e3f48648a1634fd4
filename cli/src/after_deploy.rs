//! What happens once a stack is up and before the person is told so.

use crate::error::Error;
use crate::stack::Stack;

/// Shows where everything is.
pub fn run(stack: &Stack) -> Result<(), Error> {
    println!();
    println!("  API        {}", stack.api_url()?);
    println!("  AWS        {}   (any key; region {})", stack.endpoint, stack.region);
    println!("  e-mail     {}/_ministack/ses/messages", stack.endpoint);
    println!("  queues     {}/_ministack/sqs/messages", stack.endpoint);
    println!("  processes  {}/_semel/workers", stack.endpoint);
    println!();
    Ok(())
}

//! A small stack of a test's own, beside the one under test, deployed as any template is.

use serde_json::Value;

use crate::stack::{Stack, variable};
use crate::wait::eventually;

/// Resources that one test needs. [`OwnStack::delete`] removes them; a test that fails leaves them to the engine's end.
#[must_use = "it is to be deleted in the end"]
pub struct OwnStack<'a> {
    stack: &'a Stack,
    name: String,
}

impl<'a> OwnStack<'a> {
    /// Deploys `template` under `name` and waits until it is there.
    pub fn create(stack: &'a Stack, name: &str, template: &Value) -> Self {
        let own = Self { stack, name: name.to_owned() };
        own.ask("CreateStack", &[("TemplateBody", &template.to_string())]);
        eventually(&format!("stack {name} is deployed"), || {
            let answer = own.ask("DescribeStacks", &[]);
            assert!(!answer.contains("ROLLBACK") && !answer.contains("CREATE_FAILED"), "{answer}");
            if answer.contains("CREATE_COMPLETE") { Ok(()) } else { Err(answer) }
        });
        own
    }

    /// Removes it.
    pub fn delete(self) {
        self.ask("DeleteStack", &[]);
    }

    fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let usual = [("Action", action), ("Version", "2010-05-15"), ("StackName", &self.name)];
        let scope = format!("test/20260101/{}/cloudformation/aws4_request", variable("AWS_REGION"));
        let form = usual.into_iter().chain(parameters.iter().copied());
        let request = self.stack.agent.post(self.stack.endpoint()).header(
            "authorization",
            // The engine reads nothing of a signature but its scope.
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        );
        let mut answer = request.send_form(form).expect("CloudFormation answers");
        let text = answer.body_mut().read_to_string().expect("a text");
        assert_eq!(answer.status(), 200, "{action}: {text}");
        text
    }
}

//! A small stack of a test's own, beside the one under test, deployed as any template is.

use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use crate::stack::{Stack, variable};
use crate::wait::eventually;

/// Resources that one test needs. They go when it is dropped, also by a test that fails.
#[must_use = "dropping it deletes it"]
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

    fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let mut answer = self.post(action, parameters).expect("CloudFormation answers");
        let text = answer.body_mut().read_to_string().expect("a text");
        assert_eq!(answer.status(), 200, "{action}: {text}");
        text
    }

    fn post(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Response<Body>, ureq::Error> {
        let usual = [("Action", action), ("Version", "2010-05-15"), ("StackName", &self.name)];
        let scope = format!("test/20260101/{}/cloudformation/aws4_request", variable("AWS_REGION"));
        // The engine reads nothing of a signature but its scope.
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let request = self.stack.agent.post(self.stack.endpoint()).header("authorization", signature);
        request.send_form(usual.into_iter().chain(parameters.iter().copied()))
    }
}

impl Drop for OwnStack<'_> {
    fn drop(&mut self) {
        // A second panic would hide the first; what is left ends with the engine.
        let _ = self.post("DeleteStack", &[]);
    }
}

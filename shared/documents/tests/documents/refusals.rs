//! A template that cannot be followed is refused with the name of what is in the way.

use serde_json::json;

use crate::source::{platform_of, registry, template};

fn refusal(place: &str, value: serde_json::Value) -> String {
    let mut template = template();
    let (parent, name) = place.rsplit_once('/').expect("a step");
    let parent = template.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}"));
    parent[name] = value;
    platform_of(&template, &registry()).expect_err("refused").to_string()
}

#[test]
fn what_changes_events_on_the_way_is_refused() {
    let target = "/Resources/ShippingExpress/Properties/Targets/0";
    assert_eq!(
        refusal(&format!("{target}/InputTransformer"), json!({ "InputTemplate": "{}" })),
        "ShippingExpress: changes events in a way that no schema describes"
    );
    assert_eq!(
        refusal(&format!("{target}/InputPath"), json!("$.detail.data")),
        "ShippingExpress: takes $.detail.data of events, which no schema describes"
    );
    assert_eq!(
        refusal("/Resources/PaymentsSubscription/Properties/RawMessageDelivery", json!(false)),
        "PaymentsSubscription: wraps messages, as RawMessageDelivery is not true, and no schema describes that"
    );
    assert_eq!(
        refusal("/Resources/PaymentsSubscription/Properties/TopicArn", json!("arn:aws:sns:eu-central-1:1:x")),
        "PaymentsSubscription: subscribes to a topic that is not in the template"
    );
}

#[test]
fn the_envelope_alone_may_be_taken() {
    let mut template = template();
    template["Resources"]["ShippingExpress"]["Properties"]["Targets"][0]["InputPath"] = json!("$.detail");
    let document = semel_documents::asyncapi(&platform_of(&template, &registry()).expect("documents"));
    let messages = &document["channels"]["ShippingQueue"]["messages"];
    assert!(!messages["OrderConfirmed"].is_null() && !messages["OrderConfirmed.OnBus"].is_null());
}

//! The samples of events/storefront are answered as their expectations say.

use std::path::Path;

use super::*;

#[tokio::test]
async fn samples_are_answered_as_expected() {
    let shop = Shop::open(Auth::Anonymous).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/storefront");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder of samples")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".expected.json").map(str::to_owned))
        .collect();
    // A duplicate is one only after the good one.
    names.sort_by_key(|name| (name != "good", name.clone()));
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let read = |suffix: &str| std::fs::read_to_string(folder.join(format!("{name}{suffix}")));
        let event = Request::from_json(&read(".json").expect("a sample")).expect("an event");
        let expected: Value =
            serde_json::from_str(&read(".expected.json").expect("an answer")).expect("JSON");
        let answer = shop.ask(event).await;
        assert_eq!(answer.status(), expected["statusCode"], "{name}: {}", answer.body());
        for (header, value) in expected["headers"].as_object().expect("headers") {
            assert_eq!(answer.header(header), value.as_str(), "{name}: {header}");
        }
        assert_eq!(is_replay(&answer), name == "duplicate", "{name}");
    }
}

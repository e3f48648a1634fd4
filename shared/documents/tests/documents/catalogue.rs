//! The catalogue: whole, well-formed, escaped, and without a connection to anything.

use std::collections::BTreeSet;

use semel_documents::catalogue;
use serde_json::json;

use crate::source::{platform, platform_of, registry, template};

/// The tags of a page in their order, with their attributes; what is inside `style` and `script` is left out.
fn tags(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').expect("a tag ends");
        found.push(tag);
        rest = match tag {
            "style" | "script" => {
                let at = after.find(&format!("</{tag}>")).expect("an end");
                &after[at..]
            }
            _ => after,
        };
    }
    found
}

fn name(tag: &str) -> &str {
    tag.split([' ', '/', '\n']).next().unwrap_or_default()
}

#[test]
fn every_tag_that_opens_closes() {
    let page = catalogue(&platform());
    let mut open = Vec::new();
    for tag in tags(&page) {
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "</{closed}>");
        } else if !tag.ends_with('/') && !["!doctype", "meta", "input"].contains(&name(tag)) {
            open.push(name(tag));
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn the_page_connects_to_nothing() {
    let page = catalogue(&platform());
    assert!(page.contains("default-src 'none'"));
    for tag in tags(&page) {
        assert!(!["link", "img", "iframe", "object", "base", "form"].contains(&name(tag)), "<{tag}>");
        assert!(!tag.contains(" src=") && !tag.contains("url("), "<{tag}>");
        for target in tag.split(" href=\"").skip(1) {
            assert!(target.starts_with('#'), "<{tag}>");
        }
    }
}

#[test]
fn every_event_type_is_there_with_who_gets_it_and_why() {
    let page = catalogue(&platform());
    let identifiers: BTreeSet<&str> =
        tags(&page).iter().filter_map(|tag| tag.split_once(" id=\"")?.1.split('"').next()).collect();
    for found in registry().list() {
        let name = found.record.event_type.as_str();
        assert!(identifiers.contains(name), "{name}");
        for release in &found.releases {
            assert!(page.contains(release.record.id.as_str()), "{name} {}", release.record.version);
        }
    }
    for tag in tags(&page) {
        if let Some(target) = tag.strip_prefix("a href=\"#").and_then(|rest| rest.split('"').next()) {
            assert!(identifiers.contains(target), "nothing is called {target}");
        }
    }
    let section = section(&page, "OrderConfirmed");
    for part in [
        "ShippingExpress",
        "ShippingStandard",
        "ShippingQueue",
        "&quot;shipping_method&quot;: [&quot;express&quot;]",
        "FULL_TRANSITIVE",
        "com.ecommerce.orders",
        "<code>ship_to.postal_code</code>",
        "<code>lines[].unit_amount</code>",
        "ShippingMethod: &quot;standard&quot; or &quot;express&quot;",
        "ann@example.com",
        "<svg",
    ] {
        assert!(section.contains(part), "{part} is not in {section}");
    }
    for part in ["OrdersFromPayments", "InventoryQueue"] {
        assert!(!section.contains(part), "{part} does not route OrderConfirmed");
    }
}

fn section<'a>(page: &'a str, event_type: &str) -> &'a str {
    let (_, after) =
        page.split_once(&format!("<section class=\"event\" id=\"{event_type}\"")).expect("a section");
    after.split_once("</section>").expect("an end").0
}

#[test]
fn no_text_from_outside_becomes_markup() {
    let hostile = "\"><script>alert(1)</script>";
    let mut template = template();
    let resources = template["Resources"].as_object_mut().expect("resources");
    let rule = resources.remove("ShippingExpress").expect("a rule");
    resources.insert(hostile.to_owned(), rule);
    resources["ShippingQueue"]["Properties"]["QueueName"] = json!(hostile);
    resources["ShippingFunction"]["Properties"]["FunctionName"] = json!(hostile);
    let page = catalogue(&platform_of(&template, &registry()).expect("documents"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
}

#[test]
fn a_search_finds_by_field_rule_and_service() {
    let page = catalogue(&platform());
    let words = |event_type: &str| {
        let after = section(&page, event_type).split_once("data-words=\"").expect("words").1;
        after.split('"').next().unwrap_or_default().to_owned()
    };
    for word in
        ["shippingexpress", "data.ship_to.postal_code", "com.ecommerce.orders", "notifications", "bus"]
    {
        assert!(words("OrderConfirmed").contains(word), "{word}");
    }
    assert!(words("PageViewed").contains("kafka.telemetry") && !words("PageViewed").contains("ordersqueue"));
}

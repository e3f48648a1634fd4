//! What customers do in the shop, as the web shop and the mobile app report it.
//!
//! A client knows no more than this about its user: no address, no e-mail, no payment.

use serde::{Deserialize, Serialize};

use crate::family::Identity;
use crate::integer::integer_type;
use crate::text::text_type;
use crate::{AggregateId, CustomerId, Sku};

text_type! {
    /// One visit of one client: what is reported between its start and half an hour of silence.
    SessionId, "a session id",
    chars: 1..=64 of name,
}

text_type! {
    /// An address of the shop, or of the page that a visitor came from.
    WebAddress, "a web address",
    chars: 1..=2048 of token,
}

text_type! {
    /// A page's title.
    Title, "a title",
    chars: 1..=200 of line,
}

text_type! {
    /// An operating system with its version.
    OperatingSystem, "an operating system",
    chars: 1..=64 of plain,
}

text_type! {
    /// The version of the shop's app or web client.
    AppVersion, "an app version",
    chars: 1..=32 of version,
}

text_type! {
    /// A language tag of BCP 47, such as `de-AT`.
    Locale, "a locale", "2 to 35 characters of A-Z, a-z, 0-9 and '-', as BCP 47 has them",
    chars: 2..=35,
    pattern: "^[A-Za-z0-9-]+$",
    accepts: |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
}

text_type! {
    /// What the client calls itself in HTTP's `User-Agent`.
    UserAgent, "a user agent",
    chars: 1..=512 of plain,
}

integer_type! {
    /// A width or a height in CSS pixels.
    Pixels(u32), "a number of pixels", "an integer from 1 to 32768", 1..=32_768
}

integer_type! {
    /// How many units of an article are in a cart; none if it was taken out.
    UnitsInCart(u32), "a number of units in a cart", "an integer from 0 to 10000", 0..=10_000
}

/// What kind of client reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClientKind {
    /// A browser.
    Web,
    /// The app of a phone or a tablet. It may have been offline: its events may be days old.
    Mobile,
}

impl ClientKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mobile => "mobile",
        }
    }
}

/// How much of the page the visitor sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Viewport {
    /// Width in CSS pixels.
    pub width: Pixels,
    /// Height in CSS pixels.
    pub height: Pixels,
}

/// The client that reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Client {
    /// Browser or app.
    pub kind: ClientKind,
    /// What it runs on.
    pub os: OperatingSystem,
    /// Which version of the shop it is.
    pub app_version: AppVersion,
    /// The visitor's language.
    pub locale: Locale,
    /// What it calls itself; an app may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<UserAgent>,
    /// How much the visitor sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewport: Option<Viewport>,
}

/// A page or a screen was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PageViewed {
    /// The visit.
    pub session_id: SessionId,
    /// Who visits, if they are signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The page's path, or the screen's name.
    pub page: WebAddress,
    /// The page's whole address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebAddress>,
    /// Where the visitor came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<WebAddress>,
    /// The page's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// The client.
    pub client: Client,
}

/// An article was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProductViewed {
    /// The visit.
    pub session_id: SessionId,
    /// Who visits, if they are signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The article.
    pub sku: Sku,
    /// The page's whole address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebAddress>,
    /// Where the visitor came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<WebAddress>,
    /// The client.
    pub client: Client,
}

/// An article was put into the cart or taken out of it, or its units were changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CartUpdated {
    /// The visit.
    pub session_id: SessionId,
    /// Who visits, if they are signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The article.
    pub sku: Sku,
    /// How many units of it are in the cart now.
    pub quantity: UnitsInCart,
    /// The client.
    pub client: Client,
}

impl Identity for SessionId {
    fn is(&self, aggregate_id: &AggregateId) -> bool {
        self.as_str() == aggregate_id.as_str()
    }

    fn to_aggregate_id(&self) -> AggregateId {
        AggregateId::of_name(self.as_str())
    }
}

crate::strict::object!(Viewport, Client, PageViewed, ProductViewed, CartUpdated);

crate::strict::word!(ClientKind);

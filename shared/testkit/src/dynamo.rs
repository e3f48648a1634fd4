//! A DynamoDB in the test's own process, with the tables that template.yaml declares under their logical ids.
//!
//! It answers the real protocol on 127.0.0.1, so that adapters are tested through the SDK they use. It never
//! throttles and never raises a transaction conflict: inject those.

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A running server; it stops when this is dropped.
#[allow(missing_debug_implementations)]
pub struct LocalDynamo {
    endpoint: String,
    database: Database,
    _stop: oneshot::Sender<()>,
}

/// What `CreateTable` takes over from a table's properties as it is.
const TABLE_PROPERTIES: [&str; 5] =
    ["AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "StreamSpecification"];

impl LocalDynamo {
    /// Starts a server with the tables of template.yaml. Needs a tokio runtime.
    pub async fn start() -> Self {
        let database = Database::memory().expect("an SQLite database in memory");
        for (name, properties) in tables_of_template() {
            create_table(&database, &name, &properties);
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let endpoint = format!("http://{}", listener.local_addr().expect("the bound address"));
        let (stop, stopped) = oneshot::channel();
        let served = database.clone();
        tokio::spawn(async move {
            let stopped = async {
                // Dropping the sender is the signal.
                let _dropped = stopped.await;
            };
            dynoxide::server::serve_with_shutdown(listener, served, stopped).await
        });
        Self { endpoint, database, _stop: stop }
    }

    /// Where it answers, for `AWS_ENDPOINT_URL` or a client's configuration.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Puts an item given in DynamoDB's JSON, behind the back of whatever is under test.
    pub fn put(&self, table: &str, item: &Value) {
        let request = json!({ "TableName": table, "Item": item });
        let request = serde_json::from_value(request).expect("a PutItem request");
        self.database.put_item(request).expect("the item is put");
    }

    /// Every item of a table in DynamoDB's JSON.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let request = serde_json::from_value(json!({ "TableName": table })).expect("a Scan request");
        let answer = self.database.scan(request).expect("the table is scanned");
        let answer = serde_json::to_value(&answer).expect("an answer has a JSON form");
        answer["Items"].as_array().cloned().unwrap_or_default()
    }
}

fn create_table(database: &Database, name: &str, properties: &Value) {
    let mut request = json!({ "TableName": name });
    for property in TABLE_PROPERTIES {
        if let Some(value) = properties.get(property) {
            request[property] = value.clone();
        }
    }
    if let Some(stream) = request.get_mut("StreamSpecification") {
        // CloudFormation implies it; the API wants it said.
        stream["StreamEnabled"] = true.into();
    }
    let request = serde_json::from_value(request).expect("a CreateTable request");
    database.create_table(request).expect("the table is created");
}

fn tables_of_template() -> Vec<(String, Value)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
    let text = std::fs::read_to_string(path).expect("template.yaml at the root of the workspace");
    let template = semel_template::read(&text).expect("template.yaml is a template");
    let resources = template["Resources"].as_object().expect("the template has resources").iter();
    let tables = resources.filter(|(_, resource)| resource["Type"] == "AWS::DynamoDB::Table");
    tables.map(|(name, resource)| (name.clone(), resource["Properties"].clone())).collect()
}

"""Resources that MiniStack's CloudFormation drops or does not know."""

import unittest

from ministack.services import dynamodb, eventbridge, s3
from ministack.services.cloudformation import provisioners

from semel_engine import archives, buckets, http_api, tables
from tests.bench import MendTest

BODY = {
    "openapi": "3.0.1",
    "components": {"securitySchemes": {"Jwt": {"x-amazon-apigateway-authorizer": {
        "type": "jwt", "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["shop"]}}}}},
    "paths": {
        "/orders": {"post": {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": "arn:function"},
                             "security": [{"Jwt": ["write"]}]}},
        "/stock": {"get": {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": "arn:function"}}},
    },
}


class HttpApiBody(MendTest):
    """`Body` of an HTTP API."""

    def routes(self, body: dict) -> dict:
        api_id, _ = self.create_resource(http_api.RESOURCE, {"Name": self.name, "ProtocolType": "HTTP", "Body": body})
        self.api_id = api_id
        return {route["routeKey"]: route for route in provisioners._apigw_v2._routes.get(api_id, {}).values()}

    def test_stock_ignores_it(self) -> None:
        self.assertEqual(self.routes(BODY), {}, "MiniStack imports Body now: http_api.py is needless")

    def test_mend_imports_routes_and_authorizers(self) -> None:
        http_api.install(self.seam)
        routes = self.routes(BODY)
        self.assertEqual(set(routes), {"POST /orders", "GET /stock"})
        self.assertEqual(routes["POST /orders"]["authorizationType"], "JWT")
        self.assertEqual(routes["GET /stock"]["authorizationType"], "NONE")

    def test_mend_follows_an_update(self) -> None:
        http_api.install(self.seam)
        self.routes(BODY)
        old = {"Name": self.name, "ProtocolType": "HTTP", "Body": BODY}
        new = {**old, "Body": {"paths": {"/stock": BODY["paths"]["/stock"]}}}
        provisioners._RESOURCE_HANDLERS[http_api.RESOURCE]["update"](self.api_id, old, new, "stack", self.name)
        keys = {route["routeKey"] for route in provisioners._apigw_v2._routes[self.api_id].values()}
        self.assertEqual(keys, {"GET /stock"})


class TableSettings(MendTest):
    """Time to live and point-in-time recovery of a table."""

    def settings(self) -> tuple:
        name, _ = self.create_resource(tables.RESOURCE, {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": "true"},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        })
        return dynamodb._ttl_settings.get(name), dynamodb._pitr_settings.get(name)

    def test_stock_drops_them(self) -> None:
        self.assertEqual(self.settings(), (None, None), "MiniStack applies one of them now: look at tables.py")

    def test_mend_applies_them(self) -> None:
        tables.install(self.seam)
        self.assertEqual(self.settings(), ({"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}, True))


class BucketLifecycle(MendTest):
    """`LifecycleConfiguration` of a bucket."""

    RULES = [{"Id": "ledger", "Status": "Enabled", "Prefix": "ledger/", "ExpirationInDays": "3"},
             {"Id": "unfinished", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]

    def bucket(self) -> str:
        name, _ = self.create_resource(buckets.RESOURCE, {"LifecycleConfiguration": {"Rules": self.RULES}})
        self.addCleanup(s3._buckets.pop, name, None)
        return name

    def test_stock_drops_it(self) -> None:
        self.assertEqual(s3._get_bucket_lifecycle(self.bucket())[0], 404, "MiniStack applies it now: buckets.py is needless")

    def test_mend_applies_it(self) -> None:
        buckets.install(self.seam)
        status, _, body = s3._get_bucket_lifecycle(self.bucket())
        self.assertEqual(status, 200)
        for part in (b"<ID>ledger</ID>", b"<Prefix>ledger/</Prefix>", b"<Days>3</Days>",
                     b"<DaysAfterInitiation>1</DaysAfterInitiation>"):
            self.assertIn(part, body)

    def test_mend_follows_an_update(self) -> None:
        buckets.install(self.seam)
        name, update = self.bucket(), provisioners._RESOURCE_HANDLERS[buckets.RESOURCE]["update"]
        update(name, {}, {"LifecycleConfiguration": {"Rules": [{**self.RULES[0], "ExpirationInDays": 5}]}}, "stack")
        self.assertIn(b"<Days>5</Days>", s3._get_bucket_lifecycle(name)[2])
        update(name, {}, {}, "stack")
        self.assertEqual(s3._get_bucket_lifecycle(name)[0], 404)


class Archives(MendTest):
    """`AWS::Events::Archive`."""

    def test_stock_does_not_know_it(self) -> None:
        self.assertNotIn(archives.RESOURCE, provisioners._RESOURCE_HANDLERS, "archives.py is needless")

    def test_mend_creates_updates_and_deletes(self) -> None:
        archives.install(self.seam)
        handler = provisioners._RESOURCE_HANDLERS[archives.RESOURCE]
        bus = "arn:aws:events:us-east-1:000000000000:event-bus/default"
        old = {"ArchiveName": self.name, "SourceArn": bus, "RetentionDays": "7", "EventPattern": {"source": ["shop"]}}
        name, attributes = self.create_resource(archives.RESOURCE, old)
        self.assertEqual(name, self.name)
        self.assertTrue(attributes["Arn"].endswith(self.name))
        self.assertEqual(eventbridge._archives[name]["RetentionDays"], 7)
        handler["update"](name, old, {**old, "RetentionDays": 9}, "stack", "Archive")
        self.assertEqual(eventbridge._archives[name]["RetentionDays"], 9)
        handler["delete"](name, old)
        self.assertIsNone(eventbridge._archives.get(name))


if __name__ == "__main__":
    unittest.main()

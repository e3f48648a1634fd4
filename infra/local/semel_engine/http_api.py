"""`AWS::ApiGatewayV2::Api` with a `Body`: the whole API as an OpenAPI document.

SAM writes every `AWS::Serverless::HttpApi` that way. MiniStack ignores `Body`, so the stack deploys and answers 404
to every path. Here the document becomes routes, integrations and authorisers.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

from .seam import Seam

RESOURCE = "AWS::ApiGatewayV2::Api"
_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"


def _create_authorizers(api_id: str, body: dict, stack: str) -> dict[str, str]:
    schemes = (body.get("components") or {}).get("securitySchemes") or {}
    ids = {}
    for name, scheme in schemes.items():
        spec = scheme.get(_AUTHORIZER) or {}
        source = spec.get("identitySource", "$request.header.Authorization")
        jwt = spec.get("jwtConfiguration") or {}
        ids[name] = provisioners._apigw_v2_authorizer_create(name, {
            "ApiId": api_id,
            "Name": name,
            "AuthorizerType": "JWT" if spec.get("type") == "jwt" else "REQUEST",
            "IdentitySource": source if isinstance(source, list) else source.split(","),
            "JwtConfiguration": {"Audience": jwt.get("audience", []), "Issuer": jwt.get("issuer", "")},
            "AuthorizerUri": spec.get("authorizerUri", ""),
        }, stack)[0]
    return ids


def _security_of(operation: dict, authorizers: dict[str, str]) -> tuple[str | None, list]:
    for requirement in operation.get("security") or []:
        for scheme, scopes in requirement.items():
            if scheme in authorizers:
                return authorizers[scheme], scopes
    return None, []


def _route_key(path: str, method: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def _create_route(api_id: str, path: str, method: str, operation: dict, authorizers: dict, stack: str) -> None:
    integration = operation[_INTEGRATION]
    integration_id, _ = provisioners._apigw_v2_integration_create("integration", {
        "ApiId": api_id,
        "IntegrationType": str(integration.get("type", "aws_proxy")).upper(),
        "IntegrationUri": integration.get("uri", ""),
        "IntegrationMethod": integration.get("httpMethod", "POST"),
        "PayloadFormatVersion": integration.get("payloadFormatVersion", "2.0"),
    }, stack)
    authorizer_id, scopes = _security_of(operation, authorizers)
    provisioners._apigw_v2_route_create("route", {
        "ApiId": api_id,
        "RouteKey": _route_key(path, method),
        "Target": f"integrations/{integration_id}",
        "AuthorizationType": "JWT" if authorizer_id else "NONE",
        "AuthorizerId": authorizer_id,
        "AuthorizationScopes": scopes,
    }, stack)


def _import_body(api_id: str, body: dict, stack: str) -> None:
    authorizers = _create_authorizers(api_id, body, stack)
    for path, methods in (body.get("paths") or {}).items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and _INTEGRATION in operation:
                _create_route(api_id, path, method, operation, authorizers, stack)


def install(seam: Seam) -> None:
    """Makes create and update of an API read its `Body`."""
    handler = provisioners._RESOURCE_HANDLERS[RESOURCE]
    stock_create, stock_update = handler["create"], handler["update"]

    def create(logical_id: str, props: dict, stack: str) -> tuple[str, dict]:
        api_id, attributes = stock_create(logical_id, props, stack)
        if isinstance(props.get("Body"), dict):
            _import_body(api_id, props["Body"], stack)
        return api_id, attributes

    def update(api_id: str, old: dict, new: dict, stack: str, logical_id: str | None = None) -> Any:
        result = stock_update(api_id, old, new, stack, logical_id)
        if isinstance(new.get("Body"), dict) and new["Body"] != old.get("Body"):
            gateway = provisioners._apigw_v2
            for store in (gateway._routes, gateway._integrations, gateway._authorizers):
                store[api_id] = {}
            _import_body(api_id, new["Body"], stack)
        return result

    seam.entry(handler, "create", create)
    seam.entry(handler, "update", update)

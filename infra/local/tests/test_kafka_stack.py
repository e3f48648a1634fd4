"""The one function that infra/kafka.yaml carries in itself: it tells CloudFormation where a cluster's brokers are."""

import pathlib
import sys
import textwrap
import types
import unittest

_TEMPLATE = pathlib.Path(__file__).parents[2] / "kafka.yaml"
_ARN = "arn:aws:kafka:eu-central-1:123456789012:cluster/shop/0a1b-2"


def _source() -> str:
    """The code below `ZipFile: |`."""
    lines = _TEMPLATE.read_text().split("ZipFile: |\n", 1)[1].splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    code = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            break
        code.append(line)
    return textwrap.dedent("\n".join(code))


class BrokersLookup(unittest.TestCase):
    """Runs the code with stand-ins for what Lambda's Python runtime brings."""

    def answer(self, brokers: dict | Exception, arn: str = _ARN, **event: str) -> dict:
        """What CloudFormation is told."""
        told: dict = {}

        def get_bootstrap_brokers(ClusterArn: str) -> dict:  # noqa: N803, as boto3 has it
            told["asked"] = ClusterArn
            if isinstance(brokers, Exception):
                raise brokers
            return brokers

        def send(_event, _context, status, data, identity, reason=None):
            told.update(status=status, data=data, identity=identity, reason=reason)

        stand_ins = {
            "boto3": types.SimpleNamespace(client=lambda _: types.SimpleNamespace(get_bootstrap_brokers=get_bootstrap_brokers)),
            "cfnresponse": types.SimpleNamespace(SUCCESS="SUCCESS", FAILED="FAILED", send=send),
        }
        before = {name: sys.modules.get(name) for name in stand_ins}
        sys.modules.update(stand_ins)
        try:
            scope: dict = {}
            exec(compile(_source(), str(_TEMPLATE), "exec"), scope)
            scope["handler"]({"ResourceProperties": {"ClusterArn": arn}, **event}, None)
        finally:
            for name, module in before.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module
        return told

    def test_tells_the_brokers_and_the_names_that_rights_and_metrics_use(self) -> None:
        told = self.answer({"BootstrapBrokerStringSaslIam": "b-1:9098,b-2:9098"}, RequestType="Create")
        self.assertEqual((told["status"], told["identity"]), ("SUCCESS", _ARN))
        self.assertEqual(told["data"], {"Arn": _ARN, "Name": "shop", "Path": "shop/0a1b-2", "Brokers": "b-1:9098,b-2:9098"})

    def test_says_what_to_do_about_a_cluster_without_iam(self) -> None:
        told = self.answer({"BootstrapBrokerStringTls": "b-1:9094"}, RequestType="Create")
        self.assertEqual(told["status"], "FAILED")
        self.assertIn("SASL/IAM", told["reason"])

    def test_answers_even_when_the_call_or_the_arn_is_bad(self) -> None:
        self.assertEqual(self.answer(PermissionError("denied"), RequestType="Create")["reason"], "denied")
        self.assertEqual(self.answer({}, arn="", RequestType="Create")["status"], "FAILED")

    def test_keeps_its_identity_when_an_update_fails(self) -> None:
        told = self.answer({}, RequestType="Update", PhysicalResourceId="before")
        self.assertEqual((told["status"], told["identity"]), ("FAILED", "before"))

    def test_deletes_nothing_and_asks_nobody(self) -> None:
        told = self.answer({}, RequestType="Delete", PhysicalResourceId=_ARN)
        self.assertEqual((told["status"], told["identity"]), ("SUCCESS", _ARN))
        self.assertNotIn("asked", told)


if __name__ == "__main__":
    unittest.main()

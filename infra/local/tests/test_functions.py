"""Function processes, their logs, schedules and the engine's own paths. Real processes, on a runtime in Python."""

import asyncio
import io
import json
import os
import signal
import sys
import threading
import time
import unittest
import zipfile

from ministack.core import lambda_runtime
from ministack.services import cloudwatch_logs, eventbridge, lambda_svc, ses, ses_v2

from semel_engine import admin, logs, mail, runtime_api, schedules
from tests.bench import REGION_ARN, MendTest, eventually

BOOTSTRAP = '''#!{python}
import http.client, json, os, sys, time
if os.environ.get("FAIL_INIT") and os.path.exists(os.environ["FAIL_INIT"]):
    sys.exit(3)
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    response = api.getresponse()
    event = json.loads(response.read())
    if response.status != 200:
        sys.exit(0)
    if event.get("hang"):
        time.sleep(60)
    time.sleep(event.get("work", 0))
    path = "/2018-06-01/runtime/invocation/" + response.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
    api.request("POST", path, json.dumps({{"pid": os.getpid()}}))
    api.getresponse().read()
'''


def package() -> bytes:
    """A deployment package with an executable `bootstrap`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, BOOTSTRAP.format(python=sys.executable))
    return buffer.getvalue()


class Functions(MendTest):
    """A function with processes of its own, ended with the test."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(lambda_runtime.invalidate_worker, self.name)

    def function(self, **environment: str) -> dict:
        return {"code_zip": package(), "config": {
            "FunctionName": self.name, "FunctionArn": f"arn:aws:lambda:{REGION_ARN}:function:{self.name}",
            "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 10, "Version": "$LATEST",
            "Environment": {"Variables": environment}}}

    def invoke_in_background(self, function: dict, event: dict) -> list:
        results: list = []
        thread = threading.Thread(target=lambda: results.append(lambda_svc._execute_function(function, event)), daemon=True)
        thread.start()
        self.addCleanup(thread.join, 15)
        return results

    def busy_pid(self) -> int:
        def find() -> int | None:
            pids = [each["pid"] for each in admin.workers() if each["function"] == self.name and each["busy"]]
            return pids[0] if pids else None
        return eventually(find)


class RuntimeApi(Functions):
    """Latency, and crashes."""

    def fastest(self, function: dict) -> float:
        lambda_svc._execute_function(function, {})
        times = []
        for _ in range(5):
            started = time.perf_counter()
            lambda_svc._execute_function(function, {})
            times.append(time.perf_counter() - started)
        return min(times)

    def test_stock_is_slow(self) -> None:
        self.assertGreater(self.fastest(self.function()), 0.04, "runtime_api.py need not hurry any more")

    def test_mend_is_quick(self) -> None:
        runtime_api.install(self.seam)
        self.assertLess(self.fastest(self.function()), 0.03)

    def test_a_killed_process_is_an_error_and_the_next_invocation_gets_a_new_one(self) -> None:
        runtime_api.install(self.seam)
        function = self.function()
        results = self.invoke_in_background(function, {"hang": True})
        pid = self.busy_pid()
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(eventually(lambda: results)[0]["body"]["errorType"], "Runtime.ExitError")
        self.assertNotEqual(lambda_svc._execute_function(function, {})["body"]["pid"], pid)

    def crash_beside_a_running_one(self) -> dict:
        """One process works, a second one dies while it starts: what becomes of the first's invocation."""
        marker = os.path.join(os.environ.get("TMPDIR", "/tmp"), self.name)
        self.addCleanup(lambda: os.path.exists(marker) and os.remove(marker))
        function = self.function(FAIL_INIT=marker)
        lambda_svc._execute_function(function, {})
        results = self.invoke_in_background(function, {"work": 1})
        self.busy_pid()
        with open(marker, "w"):
            pass
        self.assertTrue(lambda_svc._execute_function(function, {})["error"])
        return eventually(lambda: results)[0]

    def test_stock_ends_the_others_with_it(self) -> None:
        self.assertTrue(self.crash_beside_a_running_one().get("error"), "the third mend of runtime_api.py is needless")

    def test_mend_leaves_the_others_running(self) -> None:
        runtime_api.install(self.seam)
        self.assertFalse(self.crash_beside_a_running_one().get("error"))


class Logs(Functions):
    """Log streams."""

    def streams_of_three_invocations(self) -> int:
        function = self.function()
        for _ in range(3):
            lambda_svc._execute_function(function, {})
        group = cloudwatch_logs._log_groups[f"/aws/lambda/{self.name}"]
        self.assertEqual(sum(len(stream["events"]) for stream in group["streams"].values()), 9)
        return len(group["streams"])

    def test_stock_makes_one_each(self) -> None:
        self.assertEqual(self.streams_of_three_invocations(), 3, "logs.py is needless")

    def test_mend_makes_one_for_the_process(self) -> None:
        logs.install(self.seam)
        self.assertEqual(self.streams_of_three_invocations(), 1)


class Schedules(MendTest):
    """Scheduled rules."""

    def test_stock_looks_every_ten_seconds(self) -> None:
        self.assertEqual(eventbridge._SCHEDULER_TICK_INTERVAL, 10, "look at schedules.py")

    def test_mend_looks_every_second(self) -> None:
        schedules.install(self.seam)
        self.assertEqual(eventbridge._SCHEDULER_TICK_INTERVAL, 1)

    def test_a_rule_fires_after_its_rate_and_not_before(self) -> None:
        fired = []
        self.seam.replace(eventbridge, "_invoke_target", lambda target, *_: fired.append(target["Id"]))
        eventbridge._ensure_default_bus()
        eventbridge._put_rule({"Name": self.name, "ScheduleExpression": "rate(1 minute)"})
        eventbridge._put_targets({"Rule": self.name, "Targets": [
            {"Id": self.name, "Arn": f"arn:aws:lambda:{REGION_ARN}:function:{self.name}"}]})
        self.addCleanup(eventbridge._delete_rule, {"Name": self.name, "Force": True})
        eventbridge._tick_scheduled_rules()
        self.assertNotIn(self.name, fired)
        clock = eventbridge._now_ts
        self.seam.replace(eventbridge, "_now_ts", lambda: clock() + 61)
        eventbridge._tick_scheduled_rules()
        eventbridge._tick_scheduled_rules()
        self.assertEqual(fired.count(self.name), 1)


class Mail(MendTest):
    """E-mail by SES v2, and reading what was sent."""

    def send(self, sender: str) -> int:
        message = {"FromEmailAddress": sender, "Destination": {"ToAddresses": ["ann@example.com"]}, "Content": {"Simple": {
            "Subject": {"Data": self.name}, "Body": {"Text": {"Data": "text"}, "Html": {"Data": "<p>html</p>"}}}}}
        answer = ses_v2.handle_request("POST", "/v2/email/outbound-emails", {}, json.dumps(message).encode(), {})
        return asyncio.run(answer)[0]

    def test_stock_refuses_a_sender_that_nobody_verified(self) -> None:
        self.assertEqual(self.send("shop@example.com"), 400, "mail.py is needless")

    def test_mend_accepts_the_named_sender_and_no_other(self) -> None:
        os.environ[mail.VARIABLE] = "other@example.com, shop@example.com"
        self.addCleanup(os.environ.pop, mail.VARIABLE)
        mail.install(self.seam)
        self.assertEqual(self.send("Shop <shop@example.com>"), 200)
        self.assertEqual(self.send("thief@example.com"), 400)
        sent = [each for each in ses._sent_emails_list() if each["Subject"] == self.name]
        self.assertEqual([(each["To"], each["BodyText"], each["BodyHtml"]) for each in sent],
                         [(["ann@example.com"], "text", "<p>html</p>")])


class Admin(MendTest):
    """The engine's own paths."""

    def test_unknown_things_are_refused(self) -> None:
        self.assertEqual(admin.answer("GET", "/_semel/nothing", b"")[0], 404)
        self.assertEqual(admin.answer("GET", "/_semel/stack", b"name=nothing")[0], 404)
        self.assertEqual(admin.answer("POST", "/_semel/deliveries", b"queue=x&min=99")[0], 400)
        self.assertEqual(admin.answer("POST", "/_semel/deliveries", b"queue=x&min=two")[0], 400)
        self.assertEqual(admin.answer("POST", "/_semel/deliveries", b"queue=x&min=2")[0], 404)

    def test_other_paths_reach_ministack(self) -> None:
        from ministack import app as ministack_app
        reached = []

        async def stock(scope, _receive, _send):
            reached.append(scope["path"])

        self.seam.replace(ministack_app, "app", stock)
        admin.install(self.seam)
        sent = []

        async def send(message):
            sent.append(message)

        for path in ("/_semel/workers", "/orders"):
            asyncio.run(ministack_app.app({"type": "http", "method": "GET", "path": path}, None, send))
        self.assertEqual(reached, ["/orders"])
        self.assertIn("workers", json.loads(sent[1]["body"]))


if __name__ == "__main__":
    unittest.main()

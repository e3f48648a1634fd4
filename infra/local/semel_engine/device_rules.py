"""IoT rules that invoke functions: asynchronously, with retries and an on-failure destination, as AWS does.

MiniStack runs the function once and forgets it: a message whose function fails is gone, and one for a function that
does not exist never reaches the rule's error action.
"""

from typing import Any

from ministack.services import iot, lambda_svc

from .seam import Seam


def _invoke(account: str, region: str, function_arn: str, event: Any) -> None:
    func, config, name = lambda_svc._get_func_record_for_ref_in_scope(function_arn, account_id=account, region=region)
    if not func or not config:
        # An action that fails is what the rule's error action waits for.
        raise RuntimeError(f"function {name or function_arn} does not exist")
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(func, config), event)


def install(seam: Seam) -> None:
    """Replaces the Lambda action of IoT rules."""
    seam.replace(iot, "_dispatch_rule_to_lambda", _invoke)

"""Jobs of the policy. Each begins with a row and ends in one."""

import logging

from jobs.models import Job
from jobs.queue import performs
from policy import checking
from policy.actions import CHECK, finish_check
from policy.models import CheckReport

log = logging.getLogger("proviso.policy")


@performs(CHECK)
def check_version(job: Job) -> None:
    """Write the report of this job; a check that breaks says so and is never a pass."""
    report = CheckReport.objects.select_related("version").get(pk=job.args["report"])
    if not report.is_running:
        return
    try:
        checked = checking.check(
            report.version, baseline=report.baseline_digest, note=job.note_progress
        )
    except Exception:
        # Whatever went wrong: the report must end, and it must not end as passed.
        log.exception("check crashed", extra={"report": report.pk})
        finish_check(report, state=CheckReport.State.CRASHED, text="")
        return
    finish_check(report, state=checked.state, text=checked.text)

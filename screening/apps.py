from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    name = "screening"

    def ready(self) -> None:
        # Registers the kinds of jobs: whoever works them off, worker or sweeper, must know them.
        from policy.governance import past
        from screening import mail  # noqa: F401
        from screening.sweep import backtest, rescreen  # noqa: F401

        # The policy's pages speak of past deals, and that app knows none.
        past.learn_from(backtest)

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from reviews.working import working_on
        from screening import mail

        # Emails tell the people who work on a deal when a screening takes it from them.
        mail.learn_from(working_on)

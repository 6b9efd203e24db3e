from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from reviews.working import working_on
        from screening import mail

        # Mails tell whoever works on a deal when a screening takes it from them.
        mail.learn_from(working_on)

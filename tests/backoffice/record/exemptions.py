"""The one table of what has no history, each with its reason. A new model is in it, or is audited."""

EVENTS = "each change of it is an AuditEvent"
TRAFFIC = "written by traffic, apart from the audited row on purpose"
TECHNICAL = "a technical row: nobody's decision, and nothing of the trade is read from it"
RUN = "what one run worked on; the run's own change set and events tell what it did"
DERIVED = "derived from sealed facts; a law and a command hold it against them"
LIBRARY = "a library's own table, which our doors write only with an event beside it"

EXEMPT = {
    "auth.Group": EVENTS,
    "auth.Group_permissions": EVENTS,
    "backoffice.User_groups": EVENTS,
    "backoffice.User_user_permissions": EVENTS,
    "backoffice.ApiToken": EVENTS,
    "backoffice.Profile": EVENTS,
    "account.EmailAddress": EVENTS,
    "mfa.Authenticator": EVENTS,
    "socialaccount.SocialAccount": EVENTS,
    "backoffice.UserActivity": TRAFFIC,
    "catalog.ProductStats": TRAFFIC,
    "orders.Presence": TRAFFIC,
    "orders.Mention": TRAFFIC,
    "orders.Cart": TRAFFIC,
    "orders.CartLine": TRAFFIC,
    "backoffice.CallCount": TECHNICAL,
    "backoffice.CacheGeneration": TECHNICAL,
    "backoffice.IdempotencyKey": TECHNICAL,
    "backoffice.Limit": TECHNICAL,
    "catalog.ProductIndex": TECHNICAL,
    "orders.SandboxCharge": TECHNICAL,
    "auth.Permission": TECHNICAL,
    "contenttypes.ContentType": TECHNICAL,
    "sessions.Session": TECHNICAL,
    "sites.Site": TECHNICAL,
    "django_tasks_database.DBTaskResult": TECHNICAL,
    "admin.LogEntry": TECHNICAL,
    "backoffice.Job": RUN,
    "backoffice.BulkRun": RUN,
    "backoffice.BulkRow": RUN,
    "backoffice.ImportRun": RUN,
    "backoffice.ImportRow": RUN,
    "backoffice.ImportPlan": RUN,
    "backoffice.ImportFinding": RUN,
    "backoffice.ImportTerm": RUN,
    "orders.PaymentIntent": RUN,
    "orders.WebhookEvent": RUN,
    "catalog.StockLevel": DERIVED,
    "token_blacklist.OutstandingToken": LIBRARY,
    "token_blacklist.BlacklistedToken": LIBRARY,
    "account.EmailConfirmation": LIBRARY,
    "socialaccount.SocialApp": LIBRARY,
    "socialaccount.SocialApp_sites": LIBRARY,
    "socialaccount.SocialToken": LIBRARY,
    "usersessions.UserSession": LIBRARY,
}

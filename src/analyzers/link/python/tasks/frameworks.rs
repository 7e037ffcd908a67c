//! Registrars of tasks in well-known frameworks, as data.

/// What a framework hands to the function before its own arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Nothing,
    /// The task itself (`bind=True`).
    Task,
    /// A context that runs commands (Invoke, Fabric).
    Context,
}

/// Decorators by the name they are imported by.
const FUNCTIONS: &[(&str, Bound)] = &[
    ("celery.shared_task", Bound::Nothing),
    ("celery.app.shared_task", Bound::Nothing),
    ("celery.task", Bound::Nothing),
    ("celery.task.task", Bound::Nothing),
    ("celery.decorators.task", Bound::Nothing),
    ("rq.decorators.job", Bound::Nothing),
    ("rq.job", Bound::Nothing),
    ("django_rq.job", Bound::Nothing),
    ("django_rq.decorators.job", Bound::Nothing),
    ("dramatiq.actor", Bound::Nothing),
    ("dramatiq.actor.actor", Bound::Nothing),
    ("huey.contrib.djhuey.task", Bound::Nothing),
    ("huey.contrib.djhuey.db_task", Bound::Nothing),
    ("huey.contrib.djhuey.periodic_task", Bound::Nothing),
    ("huey.contrib.djhuey.db_periodic_task", Bound::Nothing),
    ("invoke.task", Bound::Context),
    ("invoke.tasks.task", Bound::Context),
    ("fabric.task", Bound::Context),
    ("fabric.tasks.task", Bound::Context),
    ("prefect.task", Bound::Nothing),
    ("prefect.flow", Bound::Nothing),
    ("prefect.tasks.task", Bound::Nothing),
    ("prefect.flows.flow", Bound::Nothing),
    ("dagster.asset", Bound::Nothing),
    ("dagster.multi_asset", Bound::Nothing),
    ("dagster.op", Bound::Nothing),
    ("dagster.job", Bound::Nothing),
    ("dagster.graph", Bound::Nothing),
    ("dagster.sensor", Bound::Nothing),
    ("dagster.schedule", Bound::Nothing),
    ("airflow.decorators.task", Bound::Nothing),
    ("airflow.decorators.dag", Bound::Nothing),
    ("airflow.decorators.task_group", Bound::Nothing),
    ("airflow.sdk.task", Bound::Nothing),
    ("airflow.sdk.dag", Bound::Nothing),
    ("airflow.sdk.task_group", Bound::Nothing),
    ("ray.remote", Bound::Nothing),
    ("click.command", Bound::Nothing),
    ("click.group", Bound::Nothing),
    ("click.decorators.command", Bound::Nothing),
    ("click.decorators.group", Bound::Nothing),
    ("rich_click.command", Bound::Nothing),
    ("rich_click.group", Bound::Nothing),
    ("asyncclick.command", Bound::Nothing),
    ("asyncclick.group", Bound::Nothing),
    ("modal.function", Bound::Nothing),
    ("nox.session", Bound::Context),
    ("background_task.background", Bound::Nothing),
    ("django_tasks.task", Bound::Nothing),
    ("django.tasks.task", Bound::Nothing),
    ("procrastinate.task", Bound::Nothing),
    ("pytask.task", Bound::Nothing),
    ("kfp.dsl.component", Bound::Nothing),
    ("kfp.dsl.pipeline", Bound::Nothing),
    ("zenml.step", Bound::Nothing),
    ("zenml.pipeline", Bound::Nothing),
    ("metaflow.step", Bound::Nothing),
    ("flytekit.task", Bound::Nothing),
    ("flytekit.workflow", Bound::Nothing),
    ("temporalio.activity.defn", Bound::Nothing),
    ("parsl.python_app", Bound::Nothing),
    ("parsl.app.app.python_app", Bound::Nothing),
    ("dask.delayed", Bound::Nothing),
];

/// Methods that decorate, by the class of the object: `app = Celery(…)`, `@app.task`.
const METHODS: &[(&str, &[&str])] = &[
    ("celery.Celery", &["task"]),
    ("celery.app.Celery", &["task"]),
    ("celery.app.base.Celery", &["task"]),
    ("rq.Queue", &["job"]),
    ("typer.Typer", &["command", "callback"]),
    ("click.Group", &["command", "group"]),
    ("click.core.Group", &["command", "group"]),
    ("modal.App", &["function", "local_entrypoint"]),
    ("modal.Stub", &["function", "local_entrypoint"]),
    ("procrastinate.App", &["task", "periodic"]),
    ("procrastinate.Blueprint", &["task", "periodic"]),
    ("arq.Worker", &["task"]),
    ("saq.Queue", &["task"]),
    ("streaq.Worker", &["task", "cron"]),
    ("faust.App", &["task", "agent", "timer", "crontab", "command"]),
    ("taskiq.InMemoryBroker", &["task"]),
    ("taskiq_redis.ListQueueBroker", &["task"]),
    ("taskiq_aio_pika.AioPikaBroker", &["task"]),
    ("apscheduler.schedulers.background.BackgroundScheduler", &["scheduled_job"]),
    ("apscheduler.schedulers.blocking.BlockingScheduler", &["scheduled_job"]),
    ("apscheduler.schedulers.asyncio.AsyncIOScheduler", &["scheduled_job"]),
    ("rocketry.Rocketry", &["task"]),
    ("flask.Flask", &["cli.command"]),
    ("luigi.Task", &[]),
];

/// What `@name` or `@name(…)` binds if that is a framework's registrar. `task.branch` and the
/// like count as `task`.
pub fn function(name: &str) -> Option<Bound> {
    FUNCTIONS
        .iter()
        .find(|(known, _)| {
            name.strip_prefix(known).is_some_and(|rest| {
                rest.is_empty() || known.starts_with("airflow.") && rest.starts_with('.')
            })
        })
        .map(|(_, bound)| *bound)
}

/// Whether a method of an object made by `class(…)` registers what it decorates.
pub fn method(class: &str, method: &str) -> bool {
    let listed = METHODS.iter().find(|(known, _)| *known == class);
    if let Some((_, methods)) = listed {
        return methods.contains(&method);
    }
    let last = class.rsplit('.').next().unwrap_or(class);
    // Every broker of taskiq and every Huey has the same face.
    class.starts_with("huey.")
        && last.ends_with("Huey")
        && matches!(method, "task" | "periodic_task" | "context_task")
        || class.starts_with("taskiq") && last.ends_with("Broker") && method == "task"
}

/// Decorators that only describe a command's options: they go with the registrar.
pub fn is_companion(name: &str) -> bool {
    let Some((module, last)) = name.rsplit_once('.') else { return false };
    matches!(module, "click" | "click.decorators" | "rich_click" | "asyncclick")
        && matches!(
            last,
            "option"
                | "argument"
                | "version_option"
                | "help_option"
                | "password_option"
                | "confirmation_option"
        )
}

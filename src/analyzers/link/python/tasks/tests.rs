//! Task discovery by mechanism.

use crate::analyzers::fixture;
use crate::model::Task;

fn tasks(files: &[(&str, &str)]) -> Vec<Task> {
    fixture::modules(files).tasks.into_inner()
}

/// `name<-registrar` of the tasks that `decorators` make, applied in another module.
fn found(framework: &str, decorators: &str) -> Vec<String> {
    let user = format!("from lib import *\nimport lib\n{decorators}");
    let all = tasks(&[("lib", framework), ("user", &user)]);
    let of_user = all.iter().filter(|task| task.id.starts_with("user."));
    of_user
        .map(|task| format!("{}<-{}", task.name, task.registrar.as_deref().unwrap_or("")))
        .collect()
}

#[test]
fn a_decorator_is_judged_by_what_it_does() {
    let use_it = "@task\ndef f(): ...\n";
    for (stores, framework) in [
        (true, "T = {}\ndef task(f):\n    T[f.__name__] = f\n    return f\n"),
        (
            true,
            "T = []\ndef task(f):\n    entry = (f.__name__, f)\n    T.append(entry)\n    return f\n",
        ),
        (true, "T = []\ndef keep(x): T.append(x)\ndef task(f):\n    keep(f)\n    return f\n"),
        (
            true,
            "class Reg:\n    items = {}\n    @classmethod\n    def add(cls, f): cls.items[f.__name__] = f; return f\ntask = Reg.add\n",
        ),
        (
            true,
            "class Reg:\n    def __init__(self): self.items = []\n    def add(self, f): self.items.append(f); return f\nreg = Reg()\ndef task(f): return reg.add(f)\n",
        ),
        (
            true,
            "class Task:\n    known = []\n    def __init__(self, f):\n        self.f = f\n        self.known.append(self)\ntask = Task\n",
        ),
        (
            true,
            "class Meta(type):\n    made = []\n    def __new__(m, name, bases, ns):\n        cls = super().__new__(m, name, bases, ns)\n        m.made.append(cls)\n        return cls\nclass Task(metaclass=Meta): pass\ndef task(f):\n    class New(Task):\n        run = staticmethod(f)\n    return New\n",
        ),
        (
            true,
            "def make():\n    items = []\n    def add(f):\n        items.append(f)\n        return f\n    return add\ntask = make()\n",
        ),
        (
            false,
            "import functools\ndef task(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a)\n    return inner\n",
        ),
        (false, "def task(f):\n    f.is_task = True\n    return f\n"),
        (false, "NAMES = []\ndef task(f):\n    NAMES.append(f.__name__)\n    return f\n"),
        (false, "class task:\n    def __init__(self, f): self.f = f\n"),
        (false, "def task(f):\n    local = []\n    local.append(f)\n    return f\n"),
    ] {
        assert_eq!(!found(framework, use_it).is_empty(), stores, "{framework}");
    }
}

#[test]
fn factories_aliases_and_stacks_resolve() {
    let framework = "T = {}\ndef task(f=None, *, name=None):\n    def reg(g):\n        T[name or g.__name__] = g\n        return g\n    return reg if f is None else reg(f)\ndef plain(f): return f\n";
    let user = "job = lib.task\n@plain\n@job\ndef a(): ...\n@lib.task(name='x')\n@plain\ndef b(): ...\n@plain\ndef c(): ...\nclass K:\n    @lib.task\n    def m(self): ...\ndef outer():\n    @lib.task\n    def inner(): ...\n";
    assert_eq!(found(framework, user), ["a<-lib.task", "b<-lib.task"]);
}

#[test]
fn frameworks_are_known_by_name() {
    let text = "from celery import Celery, shared_task as st\nimport click, dramatiq, typer\n\
                from invoke import task as itask\nfrom airflow.decorators import task as at\n\
                app = Celery('x')\ncli = typer.Typer()\n\
                @app.task(bind=True)\ndef a(self, x: int): ...\n@st\ndef b(): ...\n\
                @click.group()\ndef top(): ...\n@top.command()\n@click.option('--n')\ndef c(n: int): ...\n\
                @dramatiq.actor(queue_name='q')\ndef d(): ...\n@cli.command()\ndef e(): ...\n\
                @itask\ndef f(c, verbose: bool = False): ...\n@at.virtualenv\ndef g(): ...\n\
                @unknown.task\ndef h(): ...\n";
    let all = tasks(&[("m", text)]);
    let names: Vec<String> = all
        .iter()
        .map(|task| format!("{} {}", task.name, task.registrar.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(
        names,
        [
            "a celery.Celery.task",
            "b celery.shared_task",
            "top click.group",
            "c click.group.command",
            "d dramatiq.actor",
            "e typer.Typer.command",
            "f invoke.task",
            "g airflow.decorators.task.virtualenv",
        ]
    );
    // What the framework hands over is no input.
    let inputs = |task: &Task| task.input_schema["properties"].as_object().unwrap().len();
    assert_eq!((inputs(&all[0]), inputs(&all[6])), (1, 1));
}

#[test]
fn duplicates_are_listed_and_the_last_is_active() {
    let text = "T = []\ndef task(f):\n    T.append(f)\n    return f\n\
                @task\ndef f(a: int): ...\nif T:\n    @task\n    def f(b): ...\n@task\nasync def g() -> int:\n    'doc'\n";
    let all = tasks(&[("m", text)]);
    let rows: Vec<(u32, bool)> = all.iter().map(|task| (task.line, task.runnable)).collect();
    assert_eq!(rows, [(6, false), (9, true), (11, true)]);
    assert_eq!(all[0].reason.as_deref(), Some("shadowed by line 9"));
    assert!(all[1].reason.as_deref().unwrap().contains("no annotation"));
    assert!(all[2].is_async && all[2].doc.as_deref() == Some("doc"));
    assert_eq!(all[2].output_schema["type"], "integer");
}

//! The swarm executor: a replicated job with one task per run; the cluster places it and starts it.
//!
//! Worker and input go in as configs of the cluster, which are removed with the service. The
//! outcome is fetched from the ended container, so the task is placed on the node whose engine we
//! talk to: another's containers cannot be read from here.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine;
use bollard::Docker;
use bollard::models::{
    ConfigSpec, Limit, NetworkAttachmentConfig, NetworkCreateRequest, ServiceSpec, ServiceSpecMode,
    ServiceSpecModeReplicatedJob, Task, TaskSpec, TaskSpecContainerSpec,
    TaskSpecContainerSpecConfigs, TaskSpecContainerSpecFile1, TaskSpecContainerSpecPrivileges,
    TaskSpecLogDriver, TaskSpecPlacement, TaskSpecResources, TaskSpecRestartPolicy,
    TaskSpecRestartPolicyConditionEnum, TaskState,
};
use bollard::query_parameters::{
    ListConfigsOptions, ListContainersOptions, ListNetworksOptions, ListServicesOptions,
    ListTasksOptions, LogsOptions,
};
use futures_util::StreamExt;

use super::container::{PLACE, USER};
use super::{STEP, archive, container, engine, exited, images, take};
use crate::model::{Language, RunEvent, RunStatus};
use crate::runner::outcome::Outcome;
use crate::runner::owner;
use crate::runner::run::{Context, Ending, Execution, output_of};

const TICK: Duration = Duration::from_millis(100);
/// How long output may still come once the task has ended.
const DRAIN: Duration = Duration::from_millis(500);
/// Where the worker leaves its outcome, in the container's own layer.
const OUTCOME: &str = "/tmp/metascope-outcome.json";
/// The most a config may hold.
const MOST: usize = 500 << 10;

/// Runs the worker as a job of the cluster.
pub fn run(context: &Context<'_>) -> Execution {
    match engine::block_on(run_job(context)) {
        Ok(execution) => execution,
        Err(message) => Execution::lacking("EngineUnavailable", message),
    }
}

async fn run_job(context: &Context<'_>) -> Execution {
    if context.job.worker.language == Language::Rust {
        let why = "a built Rust worker is too large for the configs of a Swarm: run it with docker";
        return Execution::lacking("ImageNotFound", why.into());
    }
    let docker = match engine::connect().await {
        Ok(docker) => docker,
        Err(message) => return Execution::lacking("EngineUnavailable", message),
    };
    let Some(node) = node_of_manager(&docker).await else {
        let why = "this engine is not the manager of a Swarm: `docker swarm init` makes it one";
        return Execution::lacking("EngineUnavailable", why.into());
    };
    if let Err(error) = reap(&docker).await {
        tracing::warn!("leftovers may remain: {error}");
    }
    let image = match images::for_python(context, &docker).await {
        Ok(image) => image,
        Err(execution) => return execution,
    };
    if context.cancel.is_requested() {
        return Execution::not_started(Ending::Cancelled);
    }
    let name = format!("metascope-{}", context.id);
    let mut execution = match start(context, &docker, &name, &image, &node).await {
        Ok(()) => watch(context, &docker, &name).await,
        Err(why) => Execution::not_started(Ending::Lost(why)),
    };
    match tokio::time::timeout(STEP, remove(&docker, context.id, &name)).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => execution.left_behind = Some(why),
        Err(_) => execution.left_behind = Some("the engine does not answer".into()),
    }
    execution
}

/// This node's id, when it is a manager.
async fn node_of_manager(docker: &Docker) -> Option<String> {
    let swarm = docker.info().await.ok()?.swarm?;
    (swarm.control_available == Some(true)).then_some(())?;
    swarm.node_id.filter(|id| !id.is_empty())
}

/// Writes the configs and the service that runs once.
async fn start(
    context: &Context<'_>,
    docker: &Docker,
    name: &str,
    image: &str,
    node: &str,
) -> Result<(), String> {
    context.progress(format!("creating a job of {image}"));
    let input = std::fs::read(context.input_file()).map_err(|error| error.to_string())?;
    let mut files = vec![("input.json".to_owned(), input)];
    for (path, text) in &context.job.worker.files {
        files.push((format!("in/{path}"), text.as_bytes().to_vec()));
    }
    let mut configs = Vec::new();
    for (at, (path, data)) in files.into_iter().enumerate() {
        // A config cannot be empty.
        let data = if data.is_empty() { b"\n".to_vec() } else { data };
        if data.len() > MOST {
            return Err(format!("{path} is larger than a config of a Swarm may be"));
        }
        let config_name = format!("{name}-{at}");
        let spec = ConfigSpec {
            name: Some(config_name.clone()),
            labels: Some(engine::labels(context.id)),
            data: Some(base64::engine::general_purpose::STANDARD.encode(data)),
            ..ConfigSpec::default()
        };
        let made = docker.create_config(spec).await.map_err(|error| engine::explain(&error))?;
        configs.push(TaskSpecContainerSpecConfigs {
            config_id: Some(made.id),
            config_name: Some(config_name),
            file: Some(TaskSpecContainerSpecFile1 {
                name: Some(format!("{PLACE}/{path}")),
                uid: Some("0".into()),
                gid: Some("0".into()),
                mode: Some(0o444),
            }),
            ..TaskSpecContainerSpecConfigs::default()
        });
    }
    if !context.job.request.limits.network {
        // A network of its own that leads nowhere; a job without one would get the bridge.
        let network = NetworkCreateRequest {
            name: name.into(),
            driver: Some("overlay".into()),
            internal: Some(true),
            labels: Some(engine::labels(context.id)),
            ..NetworkCreateRequest::default()
        };
        docker.create_network(network).await.map_err(|error| engine::explain(&error))?;
    }
    let service = describe(context, name, image, node, configs);
    let made = tokio::time::timeout(STEP, docker.create_service(service, None)).await;
    match made {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("the job was refused: {}", engine::explain(&error))),
        Err(_) => Err("the engine does not answer".into()),
    }
}

/// Locked down as a container of the docker executor, except that its own layer can be written:
/// the outcome must outlive the task.
fn describe(
    context: &Context<'_>,
    name: &str,
    image: &str,
    node: &str,
    configs: Vec<TaskSpecContainerSpecConfigs>,
) -> ServiceSpec {
    let limits = &context.job.request.limits;
    let mut environment = container::environment();
    environment.retain(|entry| !entry.starts_with("METASCOPE_OUTPUT="));
    environment.push(format!("METASCOPE_OUTPUT={OUTCOME}"));
    let labels = Some(engine::labels(context.id));
    let contained = TaskSpecContainerSpec {
        image: Some(image.into()),
        command: Some(container::entrypoint(context, false)),
        env: Some(environment),
        user: Some(format!("{USER}:{USER}")),
        dir: Some("/tmp".into()),
        labels: labels.clone(),
        capability_drop: Some(vec!["ALL".into()]),
        privileges: Some(TaskSpecContainerSpecPrivileges {
            no_new_privileges: Some(true),
            ..TaskSpecContainerSpecPrivileges::default()
        }),
        stop_grace_period: Some(1_000_000_000),
        configs: Some(configs),
        ..TaskSpecContainerSpec::default()
    };
    let memory = i64::try_from(container::memory_limit(context)).unwrap_or(i64::MAX);
    let network = (!limits.network)
        .then(|| vec![NetworkAttachmentConfig { target: Some(name.into()), ..Default::default() }]);
    let task = TaskSpec {
        container_spec: Some(contained),
        resources: Some(TaskSpecResources {
            limits: Some(Limit {
                nano_cpus: limits.cpus.map(|cpus| (cpus * 1e9) as i64),
                memory_bytes: Some(memory),
                pids: Some(context.settings().max_processes as i64),
            }),
            ..TaskSpecResources::default()
        }),
        restart_policy: Some(TaskSpecRestartPolicy {
            condition: Some(TaskSpecRestartPolicyConditionEnum::NONE),
            max_attempts: Some(0),
            ..TaskSpecRestartPolicy::default()
        }),
        placement: Some(TaskSpecPlacement {
            constraints: Some(vec![format!("node.id=={node}")]),
            ..TaskSpecPlacement::default()
        }),
        networks: network,
        log_driver: Some(TaskSpecLogDriver { name: Some("json-file".into()), options: None }),
        ..TaskSpec::default()
    };
    let job = ServiceSpecModeReplicatedJob { max_concurrent: Some(1), total_completions: Some(1) };
    ServiceSpec {
        name: Some(name.into()),
        labels,
        task_template: Some(task),
        mode: Some(ServiceSpecMode { replicated_job: Some(job), ..ServiceSpecMode::default() }),
        ..ServiceSpec::default()
    }
}

/// Follows the job's one task to its end and fetches the outcome.
async fn watch(context: &Context<'_>, docker: &Docker, name: &str) -> Execution {
    let options = LogsOptions {
        follow: true,
        stdout: true,
        stderr: true,
        tail: "all".into(),
        ..LogsOptions::default()
    };
    let mut output = output_of(context);
    let mut printed = std::pin::pin!(docker.service_logs(name, Some(options)));
    let deadline = context.timeout().map(|limit| Instant::now() + limit);
    let mut tick = tokio::time::interval(TICK);
    let (mut is_open, mut was_running) = (true, false);
    let (stopped, task) = loop {
        tokio::select! {
            chunk = printed.next(), if is_open => is_open = take(&mut output, chunk, context),
            _ = tick.tick() => {
                output.tick(context.emit);
                if context.cancel.is_requested() {
                    break (Some(Ending::Cancelled), None);
                }
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    break (Some(Ending::TimedOut), None);
                }
                match task_of(docker, name).await {
                    Ok(Some(task)) => {
                        let state = task.status.as_ref().and_then(|status| status.state);
                        if state == Some(TaskState::RUNNING) && !was_running {
                            was_running = true;
                            (context.emit)(RunEvent::Status(RunStatus::Running));
                        }
                        if state.is_some_and(has_ended) {
                            break (None, Some(task));
                        }
                    }
                    Ok(None) => {}
                    Err(why) => break (Some(Ending::Lost(why)), None),
                }
            }
        }
    };
    while is_open && stopped.is_none() {
        match tokio::time::timeout(DRAIN, printed.next()).await {
            Ok(chunk) => is_open = take(&mut output, chunk, context),
            Err(_) => break,
        }
    }
    let status = task.and_then(|task| task.status);
    let container = status
        .as_ref()
        .and_then(|status| status.container_status.as_ref()?.container_id.clone())
        .filter(|id| !id.is_empty());
    let outcome = match &container {
        Some(id) if stopped.is_none() => archive::fetch(docker, id, OUTCOME).await,
        _ => None,
    };
    let ending = match (stopped, &container) {
        (Some(ending), _) => ending,
        (None, Some(id)) => exited(context, docker, id, outcome.is_some()).await,
        (None, None) => {
            let why = status.and_then(|status| status.err.or(status.message)).unwrap_or_default();
            Ending::Lost(format!("the cluster could not start the job: {why}"))
        }
    };
    let (stdout, stderr) = output.finish(context.emit);
    Execution {
        outcome: outcome.map(|bytes| bytes.and_then(|bytes| Outcome::parse(&bytes))),
        stdout,
        stderr,
        ..Execution::not_started(ending)
    }
}

fn has_ended(state: TaskState) -> bool {
    matches!(
        state,
        TaskState::COMPLETE
            | TaskState::FAILED
            | TaskState::REJECTED
            | TaskState::SHUTDOWN
            | TaskState::ORPHANED
    )
}

async fn task_of(docker: &Docker, name: &str) -> Result<Option<Task>, String> {
    let filters = HashMap::from([("service".to_string(), vec![name.to_string()])]);
    let options = ListTasksOptions { filters: Some(filters) };
    let tasks = docker.list_tasks(Some(options)).await.map_err(|error| engine::explain(&error))?;
    Ok(tasks.into_iter().next())
}

/// Removes the service, its configs, and waits until the cluster has taken its containers away.
async fn remove(docker: &Docker, run: &str, name: &str) -> Result<(), String> {
    match docker.delete_service(name).await {
        Ok(()) => {}
        Err(error) if engine::is_absent(&error) => {}
        Err(error) => return Err(engine::explain(&error)),
    }
    let of_run = vec![format!("{}={run}", engine::RUN)];
    for round in 0..100 {
        let options = ListContainersOptions {
            all: true,
            filters: Some(HashMap::from([("label".to_string(), of_run.clone())])),
            ..ListContainersOptions::default()
        };
        let found = docker.list_containers(Some(options)).await;
        let found = found.map_err(|error| engine::explain(&error))?;
        if found.is_empty() {
            break;
        }
        if round > 30 {
            for id in found.into_iter().filter_map(|container| container.id) {
                engine::remove(docker, &id).await?;
            }
        }
        tokio::time::sleep(TICK).await;
    }
    remove_configs(docker, &of_run[0], &|_| true).await?;
    remove_networks(docker, &of_run[0], &|_| true).await
}

async fn remove_networks(
    docker: &Docker,
    label: &str,
    is_ours: &dyn Fn(&HashMap<String, String>) -> bool,
) -> Result<(), String> {
    let filters = HashMap::from([("label".to_string(), vec![label.to_string()])]);
    let options = ListNetworksOptions { filters: Some(filters) };
    let found = docker.list_networks(Some(options)).await;
    for network in found.map_err(|error| engine::explain(&error))? {
        let (Some(id), labels) = (network.id, network.labels.unwrap_or_default()) else { continue };
        if !is_ours(&labels) {
            continue;
        }
        // The cluster may take a moment to detach the last container.
        for round in 0..50 {
            match docker.remove_network(&id).await {
                Ok(()) => break,
                Err(error) if engine::is_absent(&error) => break,
                Err(error) if round == 49 => return Err(engine::explain(&error)),
                Err(_) => tokio::time::sleep(TICK).await,
            }
        }
    }
    Ok(())
}

async fn remove_configs(
    docker: &Docker,
    label: &str,
    is_ours: &dyn Fn(&HashMap<String, String>) -> bool,
) -> Result<(), String> {
    let filters = HashMap::from([("label".to_string(), vec![label.to_string()])]);
    let options = ListConfigsOptions { filters: Some(filters) };
    let found =
        docker.list_configs(Some(options)).await.map_err(|error| engine::explain(&error))?;
    for config in found {
        let labels = config.spec.and_then(|spec| spec.labels).unwrap_or_default();
        if let Some(id) = config.id
            && is_ours(&labels)
            && let Err(error) = docker.delete_config(&id).await
            && !engine::is_absent(&error)
        {
            return Err(engine::explain(&error));
        }
    }
    Ok(())
}

/// Removes services and configs of this machine's workbenches that no longer live.
pub async fn reap(docker: &Docker) -> Result<(), String> {
    if node_of_manager(docker).await.is_none() {
        return Ok(());
    }
    let of_this_machine = format!("{}={}", engine::MACHINE, owner::machine());
    let filters = HashMap::from([("label".to_string(), vec![of_this_machine.clone()])]);
    let options = ListServicesOptions { filters: Some(filters), ..ListServicesOptions::default() };
    let is_orphan = |labels: &HashMap<String, String>| {
        labels.get(engine::OWNER).is_some_and(|owner| !owner::is_alive(owner))
    };
    let found =
        docker.list_services(Some(options)).await.map_err(|error| engine::explain(&error))?;
    for service in found {
        let labels = service.spec.and_then(|spec| spec.labels).unwrap_or_default();
        if let Some(id) = service.id
            && is_orphan(&labels)
            && let Err(error) = docker.delete_service(&id).await
            && !engine::is_absent(&error)
        {
            return Err(engine::explain(&error));
        }
    }
    remove_configs(docker, &of_this_machine, &is_orphan).await?;
    remove_networks(docker, &of_this_machine, &is_orphan).await
}

//! What a run is in a cluster: its configs, its network, the collector's service and the job's.

use std::fs::File;
use std::io::Read;

use base64::Engine;
use bollard::Docker;
use bollard::models::{
    ConfigSpec, EndpointSpec, EndpointSpecModeEnum, Limit, NetworkAttachmentConfig,
    NetworkCreateRequest, ServiceSpec, ServiceSpecMode, ServiceSpecModeReplicated,
    ServiceSpecModeReplicatedJob, TaskSpec, TaskSpecContainerSpec, TaskSpecContainerSpecConfigs,
    TaskSpecContainerSpecFile1, TaskSpecContainerSpecPrivileges, TaskSpecLogDriver,
    TaskSpecPlacement, TaskSpecResources, TaskSpecRestartPolicy,
    TaskSpecRestartPolicyConditionEnum,
};

use super::super::container::{self, PLACE, USER};
use super::super::{STEP, engine};
use crate::runner::outcome::MAX_BYTES;
use crate::runner::run::Context;

/// Where the worker leaves its outcome and the collector what it took, each in its container's own
/// layer, which outlives the task.
pub const OUTCOME: &str = "/tmp/metascope-outcome.json";
/// The most a config may hold.
const MOST: usize = 500 << 10;
/// What the collector may use.
const COLLECTOR_MEMORY: i64 = 256 << 20;

const COLLECTOR: &str = include_str!("collector.py");
const DELIVER: &str = include_str!("deliver.py");

/// Where a job may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    /// On the node whose engine we talk to.
    Here,
}

/// One run as a job.
pub struct Job<'a> {
    pub name: String,
    pub place: Place,
    /// The node whose engine we talk to.
    pub node: &'a str,
    image: &'a str,
    is_binary: bool,
    /// Proves to the collector that the sender is of this run.
    token: String,
    configs: Vec<TaskSpecContainerSpecConfigs>,
}

impl<'a> Job<'a> {
    pub fn new(context: &Context<'_>, image: &'a str, node: &'a str, is_binary: bool) -> Self {
        let mut seed = [0u8; 32];
        // Without randomness the token is as guessable as the run's id; the network still is the
        // run's own.
        let _ = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut seed));
        let token = blake3::keyed_hash(&seed, context.id.as_bytes()).to_hex().to_string();
        Self {
            name: format!("metascope-{}", context.id),
            place: if is_binary { Place::Here } else { Place::Anywhere },
            node,
            image,
            is_binary,
            token,
            configs: Vec::new(),
        }
    }

    /// The service that takes the outcome; binaries run on this node and need none.
    pub fn collector(&self) -> Option<String> {
        (!self.is_binary).then(|| format!("{}-collector", self.name))
    }

    /// Writes the configs and makes the network and the collector.
    pub async fn prepare(&mut self, context: &Context<'_>, docker: &Docker) -> Result<(), String> {
        context.progress(format!("creating a job of {}", self.image));
        let input = std::fs::read(context.input_file()).map_err(|error| error.to_string())?;
        let mut files = vec![("input.json".to_owned(), input)];
        if !self.is_binary {
            for (path, text) in &context.job.worker.files {
                files.push((format!("in/{path}"), text.as_bytes().to_vec()));
            }
            files.push(("deliver.py".into(), DELIVER.into()));
        }
        for (path, data) in files {
            let config = self.config(context, docker, &path, data).await?;
            self.configs.push(config);
        }
        if self.collector().is_some() || !context.job.request.limits.network {
            // A network of its own; a job without one would get the bridge. Unless the network was
            // asked for, it leads nowhere.
            let network = NetworkCreateRequest {
                name: self.name.clone(),
                driver: Some("overlay".into()),
                internal: Some(!context.job.request.limits.network),
                labels: Some(engine::labels(context.id)),
                ..NetworkCreateRequest::default()
            };
            docker.create_network(network).await.map_err(|error| engine::explain(&error))?;
        }
        if let Some(name) = self.collector() {
            let config = self.config(context, docker, "collector.py", COLLECTOR.into()).await?;
            create(docker, self.collector_service(context, name, config)).await?;
        }
        Ok(())
    }

    /// Starts the job itself.
    pub async fn start(&self, context: &Context<'_>, docker: &Docker) -> Result<(), String> {
        create(docker, self.service(context)).await
    }

    async fn config(
        &self,
        context: &Context<'_>,
        docker: &Docker,
        path: &str,
        data: Vec<u8>,
    ) -> Result<TaskSpecContainerSpecConfigs, String> {
        // A config cannot be empty.
        let data = if data.is_empty() { b"\n".to_vec() } else { data };
        if data.len() > MOST {
            return Err(format!("{path} is larger than a config of a Swarm may be"));
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let mark = &blake3::hash(path.as_bytes()).to_hex()[..6];
        let short: String = path.chars().rev().take(16).map(plain).collect();
        let short: String = short.chars().rev().collect();
        let name = format!("{}-{mark}-{short}", self.name);
        let spec = ConfigSpec {
            name: Some(name.clone()),
            labels: Some(engine::labels(context.id)),
            data: Some(base64::engine::general_purpose::STANDARD.encode(data)),
            ..ConfigSpec::default()
        };
        let made = docker.create_config(spec).await.map_err(|error| engine::explain(&error))?;
        Ok(TaskSpecContainerSpecConfigs {
            config_id: Some(made.id),
            config_name: Some(name),
            file: Some(TaskSpecContainerSpecFile1 {
                name: Some(format!("{PLACE}/{path}")),
                uid: Some("0".into()),
                gid: Some("0".into()),
                mode: Some(0o444),
            }),
            ..TaskSpecContainerSpecConfigs::default()
        })
    }

    /// The run itself, locked down as a container of the docker executor, except that its own layer
    /// can be written: the outcome must outlive the task.
    fn service(&self, context: &Context<'_>) -> ServiceSpec {
        let limits = &context.job.request.limits;
        let mut environment = container::environment();
        environment.retain(|entry| !entry.starts_with("METASCOPE_OUTPUT="));
        environment.push(format!("METASCOPE_OUTPUT={OUTCOME}"));
        let mut command = container::entrypoint(context, self.is_binary);
        if let Some(collector) = self.collector() {
            environment.push(format!("METASCOPE_COLLECTOR={collector}"));
            environment.push(format!("METASCOPE_TOKEN={}", self.token));
            let worker = command.pop().unwrap_or_default();
            command.extend([format!("{PLACE}/deliver.py"), worker]);
        } else {
            command = vec![super::super::images::BINARY.into()];
        }
        let memory = i64::try_from(container::memory_limit(context)).unwrap_or(i64::MAX);
        let limit = Limit {
            nano_cpus: limits.cpus.map(|cpus| (cpus * 1e9) as i64),
            memory_bytes: Some(memory),
            pids: Some(context.settings().max_processes as i64),
        };
        let task = TaskSpec {
            placement: self.placement(self.place),
            networks: (self.collector().is_some() || !limits.network).then(|| self.network()),
            ..self.task(context, command, environment, self.configs.clone(), limit)
        };
        let job =
            ServiceSpecModeReplicatedJob { max_concurrent: Some(1), total_completions: Some(1) };
        ServiceSpec {
            name: Some(self.name.clone()),
            labels: Some(engine::labels(context.id)),
            task_template: Some(task),
            mode: Some(ServiceSpecMode { replicated_job: Some(job), ..Default::default() }),
            ..ServiceSpec::default()
        }
    }

    /// Takes the outcome on this node; found by its name, without a port of the host.
    fn collector_service(
        &self,
        context: &Context<'_>,
        name: String,
        config: TaskSpecContainerSpecConfigs,
    ) -> ServiceSpec {
        let command = vec!["python3".into(), "-u".into(), format!("{PLACE}/collector.py")];
        let environment = vec![
            format!("METASCOPE_OUTPUT={OUTCOME}"),
            format!("METASCOPE_TOKEN={}", self.token),
            format!("METASCOPE_MOST={MAX_BYTES}"),
            "PYTHONDONTWRITEBYTECODE=1".into(),
        ];
        let limit = Limit { nano_cpus: None, memory_bytes: Some(COLLECTOR_MEMORY), pids: Some(32) };
        let task = TaskSpec {
            placement: self.placement(Place::Here),
            networks: Some(self.network()),
            ..self.task(context, command, environment, vec![config], limit)
        };
        let one = ServiceSpecModeReplicated { replicas: Some(1) };
        ServiceSpec {
            name: Some(name),
            labels: Some(engine::labels(context.id)),
            task_template: Some(task),
            mode: Some(ServiceSpecMode { replicated: Some(one), ..Default::default() }),
            endpoint_spec: Some(EndpointSpec {
                mode: Some(EndpointSpecModeEnum::DNSRR),
                ports: None,
            }),
            ..ServiceSpec::default()
        }
    }

    fn network(&self) -> Vec<NetworkAttachmentConfig> {
        vec![NetworkAttachmentConfig { target: Some(self.name.clone()), ..Default::default() }]
    }

    fn placement(&self, place: Place) -> Option<TaskSpecPlacement> {
        let constraints = vec![format!("node.id=={}", self.node)];
        (place == Place::Here)
            .then(|| TaskSpecPlacement { constraints: Some(constraints), ..Default::default() })
    }

    fn task(
        &self,
        context: &Context<'_>,
        command: Vec<String>,
        environment: Vec<String>,
        configs: Vec<TaskSpecContainerSpecConfigs>,
        limit: Limit,
    ) -> TaskSpec {
        let contained = TaskSpecContainerSpec {
            image: Some(self.image.into()),
            command: Some(command),
            env: Some(environment),
            user: Some(format!("{USER}:{USER}")),
            dir: Some("/tmp".into()),
            labels: Some(engine::labels(context.id)),
            capability_drop: Some(vec!["ALL".into()]),
            privileges: Some(TaskSpecContainerSpecPrivileges {
                no_new_privileges: Some(true),
                ..TaskSpecContainerSpecPrivileges::default()
            }),
            stop_grace_period: Some(1_000_000_000),
            configs: Some(configs),
            ..TaskSpecContainerSpec::default()
        };
        TaskSpec {
            container_spec: Some(contained),
            resources: Some(TaskSpecResources {
                limits: Some(limit),
                ..TaskSpecResources::default()
            }),
            restart_policy: Some(TaskSpecRestartPolicy {
                condition: Some(TaskSpecRestartPolicyConditionEnum::NONE),
                max_attempts: Some(0),
                ..TaskSpecRestartPolicy::default()
            }),
            log_driver: Some(TaskSpecLogDriver { name: Some("json-file".into()), options: None }),
            ..TaskSpec::default()
        }
    }
}

async fn create(docker: &Docker, service: ServiceSpec) -> Result<(), String> {
    match tokio::time::timeout(STEP, docker.create_service(service, None)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("the job was refused: {}", engine::explain(&error))),
        Err(_) => Err("the engine does not answer".into()),
    }
}

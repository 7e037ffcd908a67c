//! Reaching the engine: `DOCKER_HOST`, docker contexts, the local socket; API 1.41 and up.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{ListContainersOptions, RemoveContainerOptions};
use serde_json::Value;

use crate::runner::owner;

/// Labels of what we make.
pub const RUN: &str = "metascope.run";
pub const OWNER: &str = "metascope.owner";
pub const MACHINE: &str = "metascope.machine";

const PATIENCE: Duration = Duration::from_secs(5);

/// A runtime for one task that talks to the engine.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no event loop: {error}"))?;
    Ok(runtime.block_on(work))
}

/// Connects and settles on a version both sides know.
pub async fn connect() -> Result<Docker, String> {
    let endpoint = endpoint();
    let remedy = "start Docker, or name its address in DOCKER_HOST";
    let unreachable = |why: String| format!("no Docker engine at {endpoint}: {why}; {remedy}");
    if endpoint.starts_with("ssh://") {
        return Err(unreachable("ssh addresses are not supported".into()));
    }
    let docker =
        Docker::connect_with_host(&endpoint).map_err(|error| unreachable(explain(&error)))?;
    match tokio::time::timeout(PATIENCE, docker.negotiate_version()).await {
        Ok(Ok(docker)) => Ok(docker),
        Ok(Err(error)) => Err(unreachable(explain(&error))),
        Err(_) => Err(unreachable(format!("no answer in {} s", PATIENCE.as_secs()))),
    }
}

/// The address of the engine the `docker` command would use.
pub fn endpoint() -> String {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let context = || {
        let name = set("DOCKER_CONTEXT").or_else(|| {
            let config: Value = read_json(config_dir()?.join("config.json"))?;
            Some(config.get("currentContext")?.as_str()?.to_string())
        })?;
        (name != "default").then_some(())?;
        address_of_context(&name)
    };
    set("DOCKER_HOST").or_else(context).unwrap_or_else(|| "unix:///var/run/docker.sock".into())
}

fn address_of_context(name: &str) -> Option<String> {
    let folders = fs::read_dir(config_dir()?.join("contexts/meta")).ok()?;
    folders.flatten().find_map(|folder| {
        let meta: Value = read_json(folder.path().join("meta.json"))?;
        (meta.get("Name")?.as_str()? == name).then_some(())?;
        Some(meta.pointer("/Endpoints/docker/Host")?.as_str()?.to_string())
    })
}

fn config_dir() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".docker"));
    std::env::var_os("DOCKER_CONFIG").map(PathBuf::from).or_else(home)
}

fn read_json(path: PathBuf) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// An engine error in its own words.
pub fn explain(error: &bollard::errors::Error) -> String {
    use std::error::Error;
    if let bollard::errors::Error::DockerResponseServerError { message, .. } = error {
        return message.clone();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// Whether the engine answered that something is not there.
pub fn is_absent(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 404, .. })
}

/// Labels that tell whose container this is.
pub fn labels(run: &str) -> HashMap<String, String> {
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    HashMap::from([pair(RUN, run), pair(OWNER, owner::token()), pair(MACHINE, owner::machine())])
}

/// Removes containers, with their volumes, of this machine's workbenches that no longer live.
pub async fn reap(docker: &Docker) -> Result<(), String> {
    let of_this_machine = vec![format!("{MACHINE}={}", owner::machine())];
    let options = ListContainersOptions {
        all: true,
        filters: Some(HashMap::from([("label".to_string(), of_this_machine)])),
        ..ListContainersOptions::default()
    };
    let found = docker.list_containers(Some(options)).await.map_err(|error| explain(&error))?;
    for container in found {
        let owner = container.labels.as_ref().and_then(|labels| labels.get(OWNER));
        if let (Some(id), Some(owner)) = (&container.id, owner)
            && !owner::is_alive(owner)
        {
            remove(docker, id).await?;
        }
    }
    Ok(())
}

/// Removes a container and its volumes, running or not; one that is gone is fine.
pub async fn remove(docker: &Docker, name: &str) -> Result<(), String> {
    for _ in 0..40 {
        let options = RemoveContainerOptions { v: true, force: true, link: false };
        match docker.remove_container(name, Some(options)).await {
            Ok(()) => return Ok(()),
            Err(error) if is_absent(&error) => return Ok(()),
            // Another removal of it is under way: wait until it is really gone.
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 409, .. }) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(explain(&error)),
        }
    }
    Err(format!("the container {name} is being removed, but does not go"))
}

//! Removing what runs made in a cluster: services, configs, networks, images of binaries.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::{
    ListConfigsOptions, ListContainersOptions, ListImagesOptions, ListNetworksOptions,
    ListServicesOptions, RemoveImageOptions,
};

use super::super::{engine, images};
use super::{TICK, node_of_manager};
use crate::runner::owner;

type Labels = HashMap<String, String>;

/// Removes all of a run, and waits until the cluster has taken its containers away.
pub async fn remove(docker: &Docker, run: &str) -> Result<(), String> {
    let of_run = format!("{}={run}", engine::RUN);
    remove_services(docker, &of_run, &|_| true).await?;
    for round in 0..100 {
        let options = ListContainersOptions {
            all: true,
            filters: Some(with_label(&of_run)),
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
    remove_configs(docker, &of_run, &|_| true).await?;
    remove_networks(docker, &of_run, &|_| true).await?;
    remove_images(docker, &of_run, &|_| true).await
}

/// Removes what this machine's workbenches left in the cluster that no longer live.
pub async fn reap(docker: &Docker) -> Result<(), String> {
    if node_of_manager(docker).await.is_none() {
        return Ok(());
    }
    let of_this_machine = format!("{}={}", engine::MACHINE, owner::machine());
    let is_orphan =
        |labels: &Labels| labels.get(engine::OWNER).is_some_and(|owner| !owner::is_alive(owner));
    remove_services(docker, &of_this_machine, &is_orphan).await?;
    remove_configs(docker, &of_this_machine, &is_orphan).await?;
    remove_networks(docker, &of_this_machine, &is_orphan).await?;
    remove_images(docker, &of_this_machine, &is_orphan).await
}

/// Removes one service; one that is gone is fine.
pub async fn remove_service(docker: &Docker, name: &str) -> Result<(), String> {
    match docker.delete_service(name).await {
        Err(error) if !engine::is_absent(&error) => Err(engine::explain(&error)),
        _ => Ok(()),
    }
}

fn with_label(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_string(), vec![label.to_string()])])
}

async fn remove_services(
    docker: &Docker,
    label: &str,
    is_ours: &dyn Fn(&Labels) -> bool,
) -> Result<(), String> {
    let options =
        ListServicesOptions { filters: Some(with_label(label)), ..ListServicesOptions::default() };
    let found =
        docker.list_services(Some(options)).await.map_err(|error| engine::explain(&error))?;
    for service in found {
        let labels = service.spec.and_then(|spec| spec.labels).unwrap_or_default();
        if let Some(id) = service.id
            && is_ours(&labels)
        {
            remove_service(docker, &id).await?;
        }
    }
    Ok(())
}

async fn remove_networks(
    docker: &Docker,
    label: &str,
    is_ours: &dyn Fn(&Labels) -> bool,
) -> Result<(), String> {
    let options = ListNetworksOptions { filters: Some(with_label(label)) };
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
    is_ours: &dyn Fn(&Labels) -> bool,
) -> Result<(), String> {
    let options = ListConfigsOptions { filters: Some(with_label(label)) };
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

async fn remove_images(
    docker: &Docker,
    label: &str,
    is_ours: &dyn Fn(&Labels) -> bool,
) -> Result<(), String> {
    // Layers of dependencies are kept, whatever run they were made in.
    let labels = vec![label.to_string(), format!("{}={}", images::LABEL, images::WORKER)];
    let filters = HashMap::from([("label".to_string(), labels)]);
    let options = ListImagesOptions { filters: Some(filters), ..ListImagesOptions::default() };
    let found = docker.list_images(Some(options)).await.map_err(|error| engine::explain(&error))?;
    for image in found.into_iter().filter(|image| is_ours(&image.labels)) {
        let options = RemoveImageOptions { force: true, ..RemoveImageOptions::default() };
        match docker.remove_image(&image.id, Some(options), None).await {
            Ok(_) => {}
            Err(error) if engine::is_absent(&error) => {}
            Err(error) => return Err(engine::explain(&error)),
        }
    }
    Ok(())
}

//! Which image a run uses.

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{CreateImageOptions, ListImagesOptions};
use futures_util::{Stream, StreamExt};

use super::engine;
use crate::runner::run::{Context, Execution};
use crate::runner::thread::python;

/// The label of images that `metascope image build` or a run has made.
pub const LABEL: &str = "metascope.image";
/// The repository of our own Python images.
pub const PYTHON: &str = "metascope/python";
/// An image without a single file, for static binaries.
const EMPTY: &str = "metascope/empty";

const REMEDY: &str = "run `metascope image build` to make one from this machine's interpreter, \
                      or name one with --image";

/// The image for a Python task: the one asked for, the official one if it is here, our own if it
/// has been built, the official one if it can be pulled.
pub async fn for_python(context: &Context<'_>, docker: &Docker) -> Result<String, Execution> {
    let asked = context.job.request.limits.image.as_ref().or(context.settings().image.as_ref());
    let lacking = |message| Execution::lacking("ImageNotFound", message);
    if let Some(asked) = asked {
        if is_here(docker, asked).await {
            return Ok(asked.clone());
        }
        return match pull(context, docker, asked).await {
            Ok(()) => Ok(asked.clone()),
            Err(why) => Err(lacking(format!("the image {asked} is not here and {why}; {REMEDY}"))),
        };
    }
    let version = python::find(&context.job.root, context.settings())
        .and_then(|python| python::version(&python));
    let version = version.unwrap_or_else(|_| "3".into());
    let official = format!("python:{version}-slim");
    let own = format!("{PYTHON}:{version}");
    for image in [&official, &own] {
        if is_here(docker, image).await {
            return Ok(image.clone());
        }
    }
    let why = match pull(context, docker, &official).await {
        Ok(()) => return Ok(official),
        Err(why) => why,
    };
    let message =
        format!("no image for Python {version}: {official} is not here and {why}; {REMEDY}");
    Err(lacking(message))
}

/// The empty image for static binaries, made on first use.
pub async fn empty(docker: &Docker) -> Result<String, String> {
    let image = format!("{EMPTY}:1");
    if !is_here(docker, &image).await {
        let archive = tar::Builder::new(Vec::new()).into_inner();
        let archive = archive.map_err(|error| error.to_string())?;
        let archive = futures_util::stream::iter([Ok(archive)]);
        import(docker, EMPTY, "1", "empty", Vec::new(), archive).await?;
    }
    Ok(image)
}

/// Imports an archive of a file system as an image that carries our label.
pub async fn import(
    docker: &Docker,
    repository: &str,
    tag: &str,
    kind: &str,
    mut changes: Vec<String>,
    archive: impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static,
) -> Result<String, String> {
    changes.push(format!("LABEL {LABEL}={kind}"));
    let options = CreateImageOptions {
        from_src: Some("-".into()),
        repo: Some(repository.into()),
        tag: Some(tag.into()),
        changes,
        ..CreateImageOptions::default()
    };
    let body = bollard::body_try_stream(archive.map(|chunk| chunk.map(Into::into)));
    let mut progress = std::pin::pin!(docker.create_image(Some(options), Some(body), None));
    let mut id = String::new();
    while let Some(step) = progress.next().await {
        let step = step.map_err(|error| engine::explain(&error))?;
        if let Some(status) = step.status {
            id = status;
        }
    }
    Ok(id)
}

async fn is_here(docker: &Docker, image: &str) -> bool {
    docker.inspect_image(image).await.is_ok()
}

/// Pulls an image, unless the run is cancelled or it takes too long to begin with.
async fn pull(context: &Context<'_>, docker: &Docker, image: &str) -> Result<(), String> {
    context.progress(format!("pulling {image}"));
    // Without a tag the engine would fetch all of them.
    let name = image.rsplit('/').next().unwrap_or(image);
    let full = if name.contains([':', '@']) { image.into() } else { format!("{image}:latest") };
    let options = CreateImageOptions { from_image: Some(full), ..CreateImageOptions::default() };
    let mut steps = std::pin::pin!(docker.create_image(Some(options), None, None));
    let mut told = String::new();
    let mut patience = Duration::from_secs(30);
    loop {
        let step = tokio::select! {
            step = tokio::time::timeout(patience, steps.next()) => step,
            () = super::cancelled(context) => return Err("the run was cancelled".into()),
        };
        match step {
            Err(_) => return Err("the registry does not answer".into()),
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => {
                return Err(format!("cannot be pulled ({})", engine::explain(&error)));
            }
            Ok(Some(Ok(step))) => {
                patience = Duration::from_secs(300);
                let status = step.status.unwrap_or_default();
                if status != told && !status.is_empty() {
                    context.progress(format!("pulling {image}: {status}"));
                    told = status;
                }
            }
        }
    }
}

/// One of our images.
#[derive(Debug, Clone, serde::Serialize)]
pub struct OwnImage {
    pub name: String,
    pub id: String,
    pub kind: String,
    pub size: i64,
    /// Unix seconds.
    pub created: i64,
}

/// All images that carry our label.
pub async fn list(docker: &Docker) -> Result<Vec<OwnImage>, String> {
    let options = ListImagesOptions {
        filters: Some(HashMap::from([("label".to_string(), vec![LABEL.to_string()])])),
        ..ListImagesOptions::default()
    };
    let found = docker.list_images(Some(options)).await.map_err(|error| engine::explain(&error))?;
    let mut images: Vec<OwnImage> = found
        .into_iter()
        .map(|image| OwnImage {
            name: image.repo_tags.first().cloned().unwrap_or_else(|| image.id.clone()),
            kind: image.labels.get(LABEL).cloned().unwrap_or_default(),
            id: image.id,
            size: image.size,
            created: image.created,
        })
        .collect();
    images.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(images)
}

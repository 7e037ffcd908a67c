//! Drives a future on the runtime the package itself uses.

use std::future::Future;

pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a tokio runtime").block_on(future)
}

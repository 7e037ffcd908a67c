//! An engine that can be made to go away.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Stands between a workbench and the real engine until it is stopped.
pub struct Proxy {
    open: Arc<Mutex<Option<Vec<UnixStream>>>>,
    socket: PathBuf,
}

impl Proxy {
    pub fn start(socket: &Path) -> Self {
        let _ = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket).expect("a socket");
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let kept = open.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let mut open = kept.lock().unwrap();
                let Some(streams) = open.as_mut() else { return };
                let Ok(engine) = UnixStream::connect("/var/run/docker.sock") else { return };
                streams.push(client.try_clone().unwrap());
                streams.push(engine.try_clone().unwrap());
                drop(open);
                let (from, to) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
                std::thread::spawn(move || copy(from, to));
                std::thread::spawn(move || copy(engine, client));
            }
        });
        Self { open, socket: socket.to_owned() }
    }

    /// Cuts every connection and accepts no further one.
    pub fn stop(self) {
        for stream in self.open.lock().unwrap().take().into_iter().flatten() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        // The listener sees that it is over.
        let _ = UnixStream::connect(&self.socket);
    }
}

fn copy(mut from: UnixStream, mut to: UnixStream) {
    let mut buffer = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

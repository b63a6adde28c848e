//! Stores to test on.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use records::Records;
use records::simulated::SimulatedRecords;

/// A store with nothing in it.
pub(crate) struct Stage {
    pub(crate) records: Records,
    /// Whether jobs run on the writer's thread, rather than before `write` returns.
    pub(crate) threaded: bool,
    reopen: Box<dyn Fn() -> Records>,
    _directory: Option<Directory>,
}

impl Stage {
    /// Closes the store and opens it again.
    pub(crate) fn reopened(self) -> Self {
        drop(self.records);
        Self { records: (self.reopen)(), ..self }
    }
}

pub(crate) fn sqlite() -> Stage {
    let directory = Directory::new();
    let path = directory.file("records.sqlite");
    let reopen = move || Records::open_sqlite(&path).expect("opens");
    Stage { records: reopen(), threaded: true, reopen: Box::new(reopen), _directory: Some(directory) }
}

pub(crate) fn postgres() -> Stage {
    let url = postgres_cluster::test_database();
    let reopen = move || Records::open_postgres(&url).expect("opens");
    Stage { records: reopen(), threaded: true, reopen: Box::new(reopen), _directory: None }
}

pub(crate) fn simulated() -> Stage {
    let store = Arc::new(SimulatedRecords::new(Box::new(|_| false)).expect("opens"));
    let records = Records::new(Arc::clone(&store) as _);
    let reopen = move || {
        let image = store.image().expect("has not crashed");
        Records::new(Arc::new(SimulatedRecords::from_image(&image, Box::new(|_| false)).expect("opens")))
    };
    Stage { records, threaded: false, reopen: Box::new(reopen), _directory: None }
}

/// Waits for an answer on this thread.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// A directory that goes away with the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sycee-records-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Leftovers in the temporary directory fail no test.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

//! A disk whose writes can be held up, so that what an engine has decided is in memory only for as long as a test likes.

use std::sync::{Arc, Condvar, Mutex};

use ledger_embedded::storage::{SimDisk, Storage, StorageError};

#[derive(Default)]
struct Gate {
    is_held: bool,
    waiting: usize,
}

/// A simulated disk behind a gate for writes.
#[derive(Clone)]
pub(crate) struct HeldDisk {
    disk: SimDisk,
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

impl HeldDisk {
    pub(crate) fn new() -> Self {
        Self { disk: SimDisk::new(), gate: Arc::default() }
    }

    pub(crate) fn hold(&self) {
        self.gate.0.lock().expect("no holder panics").is_held = true;
    }

    pub(crate) fn let_go(&self) {
        self.gate.0.lock().expect("no holder panics").is_held = false;
        self.gate.1.notify_all();
    }

    /// Waits until a write is held up.
    pub(crate) fn wait_for_a_write(&self) {
        let gate = self.gate.0.lock().expect("no holder panics");
        drop(self.gate.1.wait_while(gate, |gate| gate.waiting == 0).expect("no holder panics"));
    }

    fn pass(&self) {
        let mut gate = self.gate.0.lock().expect("no holder panics");
        gate.waiting += 1;
        self.gate.1.notify_all();
        gate = self.gate.1.wait_while(gate, |gate| gate.is_held).expect("no holder panics");
        gate.waiting -= 1;
    }
}

impl Storage for HeldDisk {
    type File = <SimDisk as Storage>::File;

    fn list(&self) -> Result<Vec<String>, StorageError> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> Result<Self::File, StorageError> {
        self.disk.create(name)
    }

    fn open(&self, name: &str) -> Result<Self::File, StorageError> {
        self.disk.open(name)
    }

    fn length(&self, file: &Self::File) -> Result<u64, StorageError> {
        self.disk.length(file)
    }

    fn read_at(&self, file: &Self::File, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        self.disk.read_at(file, offset, buffer)
    }

    fn write_at(&self, file: &Self::File, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.pass();
        self.disk.write_at(file, offset, bytes)
    }

    fn truncate(&self, file: &Self::File, length: u64) -> Result<(), StorageError> {
        self.disk.truncate(file, length)
    }

    fn sync(&self, file: &Self::File) -> Result<(), StorageError> {
        self.disk.sync(file)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        self.disk.remove(name)
    }

    fn sync_directory(&self) -> Result<(), StorageError> {
        self.disk.sync_directory()
    }
}

//! The limit: append the same bytes to a plain file and make them durable.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::figures::Slice;

/// A plain file that grows.
#[derive(Debug)]
pub(super) struct RawLog {
    file: File,
    frame: Vec<u8>,
}

impl RawLog {
    /// A new file whose appends are of `frame_bytes`.
    pub(super) fn create(path: &Path, frame_bytes: usize) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
        // Bytes that are not zero, in case the disk treats zeros specially.
        let frame = (0..frame_bytes).map(|index| (index % 251) as u8 + 1).collect();
        Ok(Self { file, frame })
    }

    /// One append, durable on return.
    pub(super) fn append(&mut self) -> io::Result<Duration> {
        let started = Instant::now();
        self.file.write_all(&self.frame)?;
        self.file.sync_data()?;
        Ok(started.elapsed())
    }

    /// So many appends, each standing for `transfers_each`.
    pub(super) fn slice(&mut self, appends: usize, transfers_each: usize) -> io::Result<Slice> {
        let started = Instant::now();
        let latencies = (0..appends).map(|_| self.append()).collect::<io::Result<Vec<_>>>()?;
        Ok(Slice { done: (appends * transfers_each) as u64, elapsed: started.elapsed(), latencies })
    }
}

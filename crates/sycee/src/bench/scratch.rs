//! A directory of its own for the files of a benchmark, removed when it is over.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::Failure;

#[derive(Debug)]
pub(crate) struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    /// Makes a new directory under `parent`, or under the system's temporary directory.
    pub(crate) fn new(parent: Option<&Path>) -> Result<Self, Failure> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let directory = parent.join(format!("sycee-bench-{}", std::process::id()));
        fs::create_dir_all(&directory)
            .map_err(|error| Failure::io(format!("create {}: {error}", directory.display())))?;
        Ok(Self { directory })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.directory
    }

    /// The path of a part that is not there yet.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Removes a part that is no longer needed, so that the disk does not fill.
    pub(crate) fn discard(&self, name: &str) -> Result<(), Failure> {
        Ok(fs::remove_dir_all(self.directory.join(name))?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind is in a directory for temporary files anyway.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

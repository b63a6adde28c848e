//! A disk that crashes, tears and fills up where a test wants it to.

use std::collections::BTreeMap;

use crate::disk::{Disk, DiskError};

/// What goes wrong at a step: a write, a sync or a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// Power goes. Of what was not synced, so many bytes of the last write are kept, and all or none of the earlier ones.
    Crash {
        /// Bytes of the write at hand that reach the medium.
        kept_bytes: u32,
        /// Whether what else was not synced reaches it.
        keeps_earlier: bool,
    },
    /// There is no room, from now on until [`SimulatedDisk::make_room`].
    Full,
    /// The medium fails once, and loses what was not synced.
    Fails,
}

/// A disk in memory that counts its steps. Cloning it is taking an image.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk {
    durable: BTreeMap<String, Vec<u8>>,
    /// What was written since the last sync of its file: file, offset, bytes.
    unsynced: Vec<(String, usize, Vec<u8>)>,
    plan: Option<(u64, DiskFault)>,
    steps: u64,
    is_full: bool,
    is_dead: bool,
    /// The most bytes of all files together.
    capacity: Option<usize>,
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty disk of so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { capacity: Some(bytes), ..Self::default() }
    }

    /// Plans a fault for the `step`-th step from now, counted from 0.
    pub const fn fail_at(&mut self, step: u64, fault: DiskFault) {
        self.plan = Some((self.steps + step, fault));
    }

    /// How many steps there were.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether power is gone.
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        self.is_dead
    }

    /// Power is back, nothing is planned; what was not durable is lost.
    pub fn restart(&mut self) {
        self.unsynced.clear();
        self.plan = None;
        self.is_dead = false;
    }

    /// There is room again.
    pub const fn make_room(&mut self) {
        self.is_full = false;
        self.capacity = None;
    }

    /// The durable bytes of a file, to look at or to damage.
    pub fn durable_mut(&mut self, name: &str) -> Option<&mut Vec<u8>> {
        self.durable.get_mut(name)
    }

    /// Whether the step goes on; plans that fall due happen.
    fn step(&mut self, write: Option<(&str, usize, &[u8])>) -> Result<(), DiskError> {
        if self.is_dead {
            return Err(DiskError::Failed("power is gone".to_owned()));
        }
        let now = self.steps;
        self.steps += 1;
        match self.plan {
            Some((at, fault)) if at == now => {
                self.plan = None;
                self.suffer(fault, write)
            }
            _ if self.is_full && write.is_some() => Err(DiskError::Full),
            _ => Ok(()),
        }
    }

    fn suffer(&mut self, fault: DiskFault, write: Option<(&str, usize, &[u8])>) -> Result<(), DiskError> {
        match fault {
            DiskFault::Crash { kept_bytes, keeps_earlier } => {
                self.is_dead = true;
                let unsynced = std::mem::take(&mut self.unsynced);
                for (name, at, bytes) in unsynced.iter().filter(|_| keeps_earlier) {
                    self.put(name, *at, bytes);
                }
                if let Some((name, at, bytes)) = write {
                    let kept = bytes.len().min(usize::try_from(kept_bytes).unwrap_or(usize::MAX));
                    self.put(name, at, bytes.get(..kept).unwrap_or_default());
                }
                Err(DiskError::Failed("power went".to_owned()))
            }
            DiskFault::Full => {
                self.is_full = true;
                if write.is_some() { Err(DiskError::Full) } else { Ok(()) }
            }
            DiskFault::Fails => {
                self.unsynced.clear();
                Err(DiskError::Failed("input/output error".to_owned()))
            }
        }
    }

    fn put(&mut self, name: &str, at: usize, bytes: &[u8]) {
        write_into(self.durable.entry(name.to_owned()).or_default(), at, bytes);
    }

    /// A file as programs see it: what is durable and what was written over it.
    fn seen(&self, name: &str) -> Option<Vec<u8>> {
        let mut content = self.durable.get(name).cloned();
        for (_, at, bytes) in self.unsynced.iter().filter(|(file, _, _)| file == name) {
            write_into(content.get_or_insert_default(), *at, bytes);
        }
        content
    }

    fn fits(&self, name: &str, end: usize) -> bool {
        let others: usize =
            self.durable.iter().filter(|(file, _)| *file != name).map(|(_, content)| content.len()).sum();
        let own = self.seen(name).map_or(0, |content| content.len()).max(end);
        self.capacity.is_none_or(|capacity| others + own <= capacity)
    }
}

fn write_into(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(place) = content.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
}

impl Disk for SimulatedDisk {
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, DiskError> {
        if self.is_dead {
            return Err(DiskError::Failed("power is gone".to_owned()));
        }
        Ok(self.seen(name))
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let at = usize::try_from(offset).map_err(|_| DiskError::Full)?;
        self.step(Some((name, at, bytes)))?;
        if !self.fits(name, at + bytes.len()) {
            return Err(DiskError::Full);
        }
        self.unsynced.push((name.to_owned(), at, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self, name: &str) -> Result<(), DiskError> {
        self.step(None)?;
        let (own, others) =
            std::mem::take(&mut self.unsynced).into_iter().partition(|(file, _, _)| file == name);
        self.unsynced = others;
        let own: Vec<(String, usize, Vec<u8>)> = own;
        for (name, at, bytes) in own {
            self.put(&name, at, &bytes);
        }
        Ok(())
    }

    fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        // A crash leaves the old file: what was written of the new one has another name.
        self.step(Some((".new", 0, bytes)))?;
        if !self.fits(".new", bytes.len()) {
            return Err(DiskError::Full);
        }
        self.unsynced.retain(|(file, _, _)| file != name);
        self.durable.insert(name.to_owned(), bytes.to_vec());
        self.durable.remove(".new");
        Ok(())
    }
}

//! A simulated disk: what was not synced may be lost, torn or reordered at a crash, and faults come on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Storage, StorageError};

/// The unit that a disk writes whole, or tears.
const SECTOR: usize = 512;

/// A fault that the next matching call meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// The `n`-th write from now fails for lack of space, and nothing of it is written.
    WriteNoSpace(u32),
    /// The `n`-th write from now fails with an I/O error after half of it was written.
    WriteError(u32),
    /// The `n`-th sync from now fails, and what it should have made durable is lost, as after a real EIO.
    SyncError(u32),
    /// The `n`-th read from now fails.
    ReadError(u32),
    /// The process is killed at the `n`-th sync from now, before it: the page cache survives, see [`SimDisk::restart`].
    KillAtSync(u32),
}

/// Every place where the engine calls sync: a test can take each away and must then see the engine fail its promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncSite {
    /// Sync of a journal segment.
    Journal,
    /// Sync of a snapshot before its rename.
    Snapshot,
    /// Sync of the index of a sealed segment before its rename.
    Index,
    /// Sync of the directory.
    Directory,
}

/// Bytes in sectors, which copies share until one of them is written. Behind the length, sectors hold zeros.
#[derive(Clone, Debug, Default)]
struct Sectors {
    sectors: Vec<Arc<[u8; SECTOR]>>,
    length: usize,
}

impl Sectors {
    /// Cuts, or fills up with zeros.
    fn resize(&mut self, length: usize) {
        self.sectors.resize_with(length.div_ceil(SECTOR), || Arc::new([0; SECTOR]));
        let in_last = length % SECTOR;
        if length < self.length
            && in_last > 0
            && let Some(last) = self.sectors.last_mut()
        {
            Arc::make_mut(last)[in_last..].fill(0);
        }
        self.length = length;
    }

    /// Overwrites what is there.
    fn write(&mut self, mut offset: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (sector, within) = (offset / SECTOR, offset % SECTOR);
            let (now, later) = bytes.split_at(bytes.len().min(SECTOR - within));
            Arc::make_mut(&mut self.sectors[sector])[within..within + now.len()].copy_from_slice(now);
            (offset, bytes) = (offset + now.len(), later);
        }
    }

    /// Fills the buffer, or says that the bytes end before.
    fn read(&self, mut offset: usize, mut buffer: &mut [u8]) -> bool {
        if offset.saturating_add(buffer.len()) > self.length {
            return false;
        }
        while !buffer.is_empty() {
            let (sector, within) = (offset / SECTOR, offset % SECTOR);
            let (now, later) = buffer.split_at_mut(buffer.len().min(SECTOR - within));
            now.copy_from_slice(&self.sectors[sector][within..within + now.len()]);
            (offset, buffer) = (offset + now.len(), later);
        }
        true
    }
}

#[derive(Clone, Debug, Default)]
struct Content {
    /// What survives a crash for certain.
    durable: Sectors,
    /// What reads see.
    current: Sectors,
    /// Sectors of `current` written since the last sync.
    dirty: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
enum DirectoryChange {
    Bind(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Debug, Default)]
struct Disk {
    contents: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    changes: Vec<DirectoryChange>,
    fault: Option<DiskFault>,
    ignored: BTreeSet<SyncSite>,
    dead: bool,
}

/// A simulated disk. Clones share it, so it outlives the engine that "crashes".
#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<Disk>>);

/// An open simulated file.
#[derive(Clone, Debug)]
pub struct SimFile {
    content: usize,
    name: Arc<str>,
}

/// SplitMix64: enough for choosing what a crash destroys.
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Content {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.current.length < end {
            self.current.resize(end);
        }
        self.current.write(offset, bytes);
        if !bytes.is_empty() {
            self.dirty.extend(offset / SECTOR..=(end - 1) / SECTOR);
        }
    }

    fn sync(&mut self) {
        self.durable.resize(self.current.length);
        for sector in std::mem::take(&mut self.dirty) {
            if let Some(written) = self.current.sectors.get(sector) {
                self.durable.sectors[sector] = Arc::clone(written);
            }
        }
    }

    /// Keeps any subset of what was not synced, one sector torn at a byte.
    fn crash(&mut self, random: &mut u64) {
        if self.current.length < self.durable.length && next_random(random).is_multiple_of(2) {
            self.durable.resize(self.current.length);
        }
        let keep_rate = next_random(random) % 5;
        for sector in std::mem::take(&mut self.dirty) {
            let start = sector * SECTOR;
            let whole = (start + SECTOR).min(self.current.length);
            if start >= whole || next_random(random) % 4 >= keep_rate {
                continue;
            }
            let torn = next_random(random).is_multiple_of(8);
            let length =
                if torn { next_random(random) as usize % (whole - start + 1) } else { whole - start };
            let end = start + length;
            if self.durable.length < end {
                self.durable.resize(end);
            }
            self.durable.write(start, &self.current.sectors[sector][..length]);
        }
        self.current.clone_from(&self.durable);
    }
}

fn apply_change(names: &mut BTreeMap<String, usize>, change: &DirectoryChange) {
    match change {
        DirectoryChange::Bind(name, content) => {
            names.insert(name.clone(), *content);
        }
        DirectoryChange::Rename(from, to) => {
            if let Some(content) = names.remove(from) {
                names.insert(to.clone(), content);
            }
        }
        DirectoryChange::Remove(name) => {
            names.remove(name);
        }
    }
}

impl SimDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The power fails: what was not synced survives in part, as the seed says. Open files are dead; open the engine anew.
    pub fn crash(&self, seed: u64) {
        let mut random = seed;
        let mut disk = self.disk();
        let kept = match disk.changes.len() {
            0 => 0,
            changes => next_random(&mut random) as usize % (changes + 1),
        };
        let changes = std::mem::take(&mut disk.changes);
        let mut names = std::mem::take(&mut disk.durable_names);
        for change in &changes[..kept] {
            apply_change(&mut names, change);
        }
        for content in &mut disk.contents {
            content.crash(&mut random);
        }
        disk.names.clone_from(&names);
        disk.durable_names = names;
        disk.fault = None;
        disk.dead = false;
        disk.forget_unnamed();
    }

    /// The process was killed and starts again, but the power stayed on: everything written is still to be read, and what was
    /// not synced is still at risk.
    pub fn restart(&self) {
        let mut disk = self.disk();
        disk.fault = None;
        disk.dead = false;
    }

    /// Orders a fault. After it has struck, every call fails until the next [`SimDisk::crash`] or [`SimDisk::restart`].
    pub fn order_fault(&self, fault: DiskFault) {
        self.disk().fault = Some(fault);
    }

    /// Makes the syncs of that place do nothing, as if the call were missing from the engine.
    pub fn ignore_syncs(&self, site: SyncSite) {
        self.disk().ignored.insert(site);
    }

    /// Flips one bit of a file, in what is durable and what is read.
    ///
    /// Does nothing where the file or the offset does not exist.
    pub fn flip_bit(&self, name: &str, offset: usize, bit: u8) {
        let mut disk = self.disk();
        let Some(&content) = disk.names.get(name) else { return };
        let content = &mut disk.contents[content];
        for bytes in [&mut content.durable, &mut content.current] {
            if offset < bytes.length {
                Arc::make_mut(&mut bytes.sectors[offset / SECTOR])[offset % SECTOR] ^= 1 << (bit % 8);
            }
        }
    }

    /// The bytes that a reader sees, or `None` where there is no such file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk();
        disk.names.get(name).map(|&content| {
            let current = &disk.contents[content].current;
            let mut bytes: Vec<u8> = current.sectors.iter().flat_map(|sector| **sector).collect();
            bytes.truncate(current.length);
            bytes
        })
    }

    /// A disk with the same durable bytes that shares nothing with this one.
    #[must_use]
    pub fn deep_clone(&self) -> Self {
        let disk = self.disk();
        Self(Arc::new(Mutex::new(Disk {
            contents: disk.contents.clone(),
            names: disk.names.clone(),
            durable_names: disk.durable_names.clone(),
            changes: disk.changes.clone(),
            ..Disk::default()
        })))
    }
}

impl Disk {
    /// Empties contents that no name reaches any more.
    fn forget_unnamed(&mut self) {
        let named: BTreeSet<usize> =
            self.names.values().chain(self.durable_names.values()).copied().collect();
        for (index, content) in self.contents.iter_mut().enumerate() {
            if !named.contains(&index) {
                *content = Content::default();
            }
        }
    }

    fn alive(&self, action: &str) -> Result<(), StorageError> {
        if self.dead { Err(StorageError::new(action, "simulated disk has failed")) } else { Ok(()) }
    }

    /// Whether an ordered fault of this kind strikes now.
    fn strikes(&mut self, kind: fn(u32) -> DiskFault) -> bool {
        let remaining = match self.fault {
            Some(
                DiskFault::WriteNoSpace(n)
                | DiskFault::WriteError(n)
                | DiskFault::SyncError(n)
                | DiskFault::ReadError(n)
                | DiskFault::KillAtSync(n),
            ) => n,
            None => return false,
        };
        if self.fault != Some(kind(remaining)) {
            return false;
        }
        if remaining > 1 {
            self.fault = Some(kind(remaining - 1));
            return false;
        }
        self.fault = None;
        self.dead = true;
        true
    }
}

fn site_of(name: &str) -> SyncSite {
    if name.starts_with("snapshot") {
        SyncSite::Snapshot
    } else if name.starts_with("index") {
        SyncSite::Index
    } else {
        SyncSite::Journal
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Storage for SimDisk {
    type File = SimFile;

    fn list(&self) -> Result<Vec<String>, StorageError> {
        let disk = self.disk();
        disk.alive("list")?;
        Ok(disk.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> Result<SimFile, StorageError> {
        let mut disk = self.disk();
        disk.alive("create")?;
        let content = disk.contents.len();
        disk.contents.push(Content::default());
        let change = DirectoryChange::Bind(name.to_owned(), content);
        apply_change(&mut disk.names, &change);
        disk.changes.push(change);
        Ok(SimFile { content, name: name.into() })
    }

    fn open(&self, name: &str) -> Result<SimFile, StorageError> {
        let disk = self.disk();
        disk.alive("open")?;
        let content = disk.names.get(name).copied();
        let content = content.ok_or_else(|| StorageError::new(format!("open {name}"), "no such file"))?;
        Ok(SimFile { content, name: name.into() })
    }

    fn length(&self, file: &SimFile) -> Result<u64, StorageError> {
        let disk = self.disk();
        disk.alive("stat")?;
        Ok(disk.contents[file.content].current.length as u64)
    }

    fn read_at(&self, file: &SimFile, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        let mut disk = self.disk();
        disk.alive("read")?;
        if disk.strikes(DiskFault::ReadError) {
            return Err(StorageError::new(format!("read {}", file.name), "simulated I/O error"));
        }
        if !disk.contents[file.content].current.read(index(offset), buffer) {
            return Err(StorageError::new(format!("read {}", file.name), "end of file"));
        }
        Ok(())
    }

    fn write_at(&self, file: &SimFile, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        let mut disk = self.disk();
        let action = || format!("write {}", file.name);
        disk.alive("write")?;
        if disk.strikes(DiskFault::WriteNoSpace) {
            return Err(StorageError::new(action(), "simulated: no space left on device"));
        }
        if disk.strikes(DiskFault::WriteError) {
            disk.contents[file.content].write(index(offset), &bytes[..bytes.len() / 2]);
            return Err(StorageError::new(action(), "simulated I/O error"));
        }
        disk.contents[file.content].write(index(offset), bytes);
        Ok(())
    }

    fn truncate(&self, file: &SimFile, length: u64) -> Result<(), StorageError> {
        let mut disk = self.disk();
        disk.alive("truncate")?;
        disk.contents[file.content].current.resize(index(length));
        Ok(())
    }

    fn sync(&self, file: &SimFile) -> Result<(), StorageError> {
        let mut disk = self.disk();
        disk.alive("sync")?;
        if disk.strikes(DiskFault::KillAtSync) {
            return Err(StorageError::new(format!("sync {}", file.name), "simulated kill"));
        }
        if disk.strikes(DiskFault::SyncError) {
            // As on Linux: the pages are marked clean although they never reached the disk.
            disk.contents[file.content].dirty.clear();
            return Err(StorageError::new(format!("sync {}", file.name), "simulated I/O error"));
        }
        if !disk.ignored.contains(&site_of(&file.name)) {
            disk.contents[file.content].sync();
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let mut disk = self.disk();
        disk.alive("rename")?;
        let change = DirectoryChange::Rename(from.to_owned(), to.to_owned());
        apply_change(&mut disk.names, &change);
        disk.changes.push(change);
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        let mut disk = self.disk();
        disk.alive("remove")?;
        let change = DirectoryChange::Remove(name.to_owned());
        apply_change(&mut disk.names, &change);
        disk.changes.push(change);
        Ok(())
    }

    fn sync_directory(&self) -> Result<(), StorageError> {
        let mut disk = self.disk();
        disk.alive("sync directory")?;
        if disk.ignored.contains(&SyncSite::Directory) {
            return Ok(());
        }
        let changes = std::mem::take(&mut disk.changes);
        let mut names = std::mem::take(&mut disk.durable_names);
        for change in &changes {
            apply_change(&mut names, change);
        }
        disk.durable_names = names;
        disk.forget_unnamed();
        Ok(())
    }
}

//! Reads the journal's files frame by frame and checks the hash chain.

use std::fmt;
use std::fs;
use std::path::Path;

use ledger_embedded::frame::{ChainHash, FrameHeader};
use ledger_embedded::segment_name;

use crate::books::Books;
use crate::{AuditReport, Finding};

/// Where the bytes 16 to 24 of a frame say that it is in the journal.
const OFFSET_FIELD: std::ops::Range<usize> = 16..24;

/// A byte of a journal file.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) offset: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.file, self.offset)
    }
}

/// What the next frame must say.
#[derive(Default)]
struct Chain {
    sequence: u64,
    previous: ChainHash,
    timestamp: u64,
}

/// Enters every record of the journal into the books.
pub(crate) fn read(directory: &Path, books: &mut Books, report: &mut AuditReport) -> std::io::Result<()> {
    let mut chain = Chain::default();
    for number in 0.. {
        let name = segment_name(number);
        let path = directory.join(&name);
        if !path.try_exists()? {
            break;
        }
        // A segment has a bounded size, so it is read whole.
        read_segment(&name, &fs::read(path)?, &mut chain, books, report);
    }
    Ok(())
}

fn read_segment(name: &str, bytes: &[u8], chain: &mut Chain, books: &mut Books, report: &mut AuditReport) {
    let Some(start) = bytes.get(OFFSET_FIELD).and_then(|field| field.try_into().ok()).map(u64::from_le_bytes)
    else {
        if bytes.iter().any(|&byte| byte != 0) {
            report.find(Finding::new(name, "the file ends inside its first frame"));
        }
        return;
    };
    let mut local = 0;
    while local < bytes.len() {
        let place = Place { file: name, offset: local as u64 };
        let rest = &bytes[local..];
        if rest.iter().take(512).all(|&byte| byte == 0) {
            // Space that no frame has taken yet.
            if rest.iter().any(|&byte| byte != 0) {
                report.find(Finding::new(place, "bytes behind the last frame are not zero"));
            }
            return;
        }
        let (header, body) = match FrameHeader::read(rest, start + local as u64) {
            Ok(frame) => frame,
            Err(error) => {
                report.find(Finding::new(place, error.to_string()));
                return;
            }
        };
        chain.check(&header, &place, report);
        report.frames += 1;
        for (position, record) in header.records(body) {
            let place = Place { file: name, offset: position.offset().saturating_sub(start) };
            report.records += 1;
            match record {
                Ok(record) => books.enter(&record, &place, report),
                Err(error) => report.find(Finding::new(place, error.to_string())),
            }
        }
        local += usize::try_from(header.bytes()).unwrap_or(usize::MAX);
    }
}

impl Chain {
    fn check(&mut self, header: &FrameHeader, place: &Place<'_>, report: &mut AuditReport) {
        if header.sequence != self.sequence {
            let what = format!("the frame has number {}, expected {}", header.sequence, self.sequence);
            report.find(Finding::new(place, what));
        }
        if header.previous != self.previous {
            report.find(Finding::new(place, "the frame does not continue the hash chain"));
        }
        if header.timestamp.0 < self.timestamp {
            report.find(Finding::new(place, "the frame is older than the one before"));
        }
        if header.durable_offset > header.offset {
            report.find(Finding::new(place, "the frame claims that bytes behind it were durable before it"));
        }
        *self = Self {
            sequence: header.sequence + 1,
            previous: header.hash,
            timestamp: header.timestamp.0.max(self.timestamp),
        };
    }
}

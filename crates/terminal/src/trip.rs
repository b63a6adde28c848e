//! The trip record of transit cards: SFI 1A, 128 bytes, as T-Union gates keep it.
//!
//! Layout: identifier 1 at 0; of the entrance line 1 at 6, station 1 at 7, gate 6 at 8; status 1 at 14; city 1 at 15; time 7 at
//! 99; 55 at 122 while inside; CRC-32 of bytes 6 to 123 at 124. Everything else is kept as it was.

use purse::fields::{DateTime, TerminalId};

/// Short file identifier of the record.
pub(crate) const TRIP_FILE: u8 = 0x1A;
/// Length of the record.
const RECORD_BYTES: usize = 128;
const INSIDE: u8 = 0x55;

/// Where a gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Station {
    /// The line.
    pub line: u8,
    /// The station on it.
    pub station: u8,
}

/// Where and when a trip began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// Where.
    pub station: Station,
    /// Through which gate.
    pub gate: TerminalId,
    /// When.
    pub when: DateTime,
}

/// The trip record of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trip {
    record: [u8; RECORD_BYTES],
}

impl Trip {
    /// Reads a record; `None` where it is damaged. One that is empty behind its identifier was never used.
    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        let record: [u8; RECORD_BYTES] = record.try_into().ok()?;
        let (content, checksum) = record.split_last_chunk::<4>()?;
        let is_unused = record.get(1..)?.iter().all(|byte| *byte == 0);
        let is_right = crc32(content.get(6..)?).to_be_bytes() == *checksum;
        (is_unused || is_right).then_some(Self { record })
    }

    /// Where the trip began, while the card is inside.
    pub(crate) fn entrance(&self) -> Option<Entrance> {
        let part = |at: usize| self.record.get(at..);
        let [line, station] = *part(6)?.first_chunk::<2>()?;
        (*part(122)?.first()? == INSIDE).then_some(Entrance {
            station: Station { line, station },
            gate: TerminalId(*part(8)?.first_chunk()?),
            when: DateTime(*part(99)?.first_chunk()?),
        })
    }

    /// The record after an entrance, or after an exit where `entrance` is `None`.
    pub(crate) fn after(&self, entrance: Option<&Entrance>, when: &DateTime) -> Self {
        let mut next = *self;
        if let Some(entrance) = entrance {
            next.put(6, &[entrance.station.line, entrance.station.station]);
            next.put(8, &entrance.gate.0);
        }
        next.put(99, &when.0);
        next.put(122, &[if entrance.is_some() { INSIDE } else { 0 }]);
        let checksum = crc32(next.record.get(6..124).unwrap_or_default());
        next.put(124, &checksum.to_be_bytes());
        next
    }

    /// The record, and the identifier that it is cached by.
    pub(crate) const fn as_record(&self) -> (u8, &[u8; RECORD_BYTES]) {
        let [identifier, ..] = self.record;
        (identifier, &self.record)
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.record.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
}

/// CRC-32 of ISO 3309, bit by bit: records are short.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_trip_is_read_as_it_was_written_and_a_changed_one_is_refused() {
        let mut unused = [0; RECORD_BYTES];
        unused[0] = 1;
        let trip = Trip::read(&unused).unwrap();
        assert_eq!(trip.entrance(), None);
        let when = DateTime([0x20, 0x26, 0x11, 0x22, 8, 0, 0]);
        let station = Station { line: 9, station: 17 };
        let entrance = Entrance { station, gate: TerminalId([3; 6]), when };
        let inside = trip.after(Some(&entrance), &when);
        let read = Trip::read(inside.as_record().1).unwrap();
        assert_eq!(read.entrance(), Some(entrance));
        assert_eq!(read.after(None, &when).entrance(), None);
        for at in 6..RECORD_BYTES {
            let mut changed = *inside.as_record().1;
            changed[at] ^= 1;
            assert_eq!(Trip::read(&changed), None, "byte {at}");
        }
    }
}

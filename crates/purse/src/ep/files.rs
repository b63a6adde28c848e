//! The files of the application: public information, holder, compound application records, travel log.
//!
//! A record's first byte is its identifier, so that it can be asked for by number or by identifier. The newest record of a
//! cyclic file has the number 1.

use crate::bytes::{Reader, Writer};

/// The most files.
pub const FILES_MAX: usize = 6;
/// All their content together.
pub const FILE_BYTES_MAX: usize = 576;
/// The longest record that a transaction can write.
pub const RECORD_BYTES_MAX: usize = 128;

/// Short identifier of the public information.
pub const PUBLIC_INFORMATION: u8 = 0x15;
/// Short identifier of the holder file.
pub const HOLDER: u8 = 0x16;
/// Short identifier of the log of transactions.
pub const LOG: u8 = 0x18;

/// How a file is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FileKind {
    /// Bytes.
    Transparent = 1,
    /// Records, written by number or identifier.
    Records = 2,
    /// Records, the newest written over the oldest.
    Cyclic = 3,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileLayout {
    /// Short file identifier.
    pub sfi: u8,
    /// How it is read and written.
    pub kind: FileKind,
    /// Length of a record, or of the whole transparent file.
    pub record_bytes: u8,
    /// How many records; 1 for a transparent file.
    pub records: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct File {
    layout: FileLayout,
    begin: u16,
    /// Of a cyclic file: where the next record goes.
    next: u8,
}

/// Where a transaction will write a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    file: u8,
    record: u8,
}

/// The files and their content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Files {
    files: [Option<File>; FILES_MAX],
    content: [u8; FILE_BYTES_MAX],
}

impl Files {
    pub(super) const BYTES: usize = FILES_MAX * 7 + FILE_BYTES_MAX;

    /// Files of these layouts, all zeros; `None` where they do not fit or two have the same identifier.
    #[must_use]
    pub fn new(layouts: &[FileLayout]) -> Option<Self> {
        let mut files = Self { files: [None; FILES_MAX], content: [0; FILE_BYTES_MAX] };
        let mut begin = 0_usize;
        for (index, layout) in layouts.iter().enumerate() {
            let is_known = files.files.iter().flatten().any(|file| file.layout.sfi == layout.sfi);
            if is_known || layout.record_bytes == 0 || layout.records == 0 || layout.sfi == LOG {
                return None;
            }
            let file = File { layout: *layout, begin: u16::try_from(begin).ok()?, next: 0 };
            *files.files.get_mut(index)? = Some(file);
            begin += usize::from(layout.record_bytes) * usize::from(layout.records);
        }
        (begin <= FILE_BYTES_MAX).then_some(files)
    }

    /// Writes the beginning of a record, as at personalisation. `None` where it does not fit.
    pub fn fill(&mut self, sfi: u8, number: u8, content: &[u8]) -> Option<()> {
        let place = self.place_of_number(sfi, number)?;
        self.write_at(place, 0, content)
    }

    fn file(&self, index: u8) -> Option<&File> {
        self.files.get(usize::from(index))?.as_ref()
    }

    fn index(&self, sfi: u8) -> Option<u8> {
        let index = self.files.iter().position(|file| file.is_some_and(|file| file.layout.sfi == sfi))?;
        u8::try_from(index).ok()
    }

    /// What kind of file an identifier names.
    #[must_use]
    pub fn kind(&self, sfi: u8) -> Option<FileKind> {
        Some(self.file(self.index(sfi)?)?.layout.kind)
    }

    /// The whole content of a transparent file.
    #[must_use]
    pub fn transparent(&self, sfi: u8) -> Option<&[u8]> {
        let place = Place { file: self.index(sfi)?, record: 0 };
        (self.kind(sfi)? == FileKind::Transparent).then(|| self.at(place)).flatten()
    }

    /// A record by number, from 1.
    #[must_use]
    pub fn record(&self, sfi: u8, number: u8) -> Option<&[u8]> {
        self.at(self.place_of_number(sfi, number)?)
    }

    /// A record by its identifier.
    #[must_use]
    pub fn record_with_identifier(&self, sfi: u8, identifier: u8) -> Option<&[u8]> {
        self.at(self.place_of_identifier(sfi, identifier)?)
    }

    /// Where a record of a number is.
    #[must_use]
    pub fn place_of_number(&self, sfi: u8, number: u8) -> Option<Place> {
        let index = self.index(sfi)?;
        let file = self.file(index)?;
        let records = file.layout.records;
        let behind = number.checked_sub(1).filter(|behind| *behind < records)?;
        let record = match file.layout.kind {
            FileKind::Cyclic => {
                (u16::from(file.next) + u16::from(records) - 1 - u16::from(behind)) % u16::from(records)
            }
            FileKind::Records | FileKind::Transparent => u16::from(behind),
        };
        Some(Place { file: index, record: u8::try_from(record).ok()? })
    }

    /// Where the record with an identifier is.
    #[must_use]
    pub fn place_of_identifier(&self, sfi: u8, identifier: u8) -> Option<Place> {
        let index = self.index(sfi)?;
        let file = self.file(index)?;
        if file.layout.kind != FileKind::Records {
            return None;
        }
        (0..file.layout.records)
            .map(|record| Place { file: index, record })
            .find(|place| self.at(*place).and_then(<[u8]>::first) == Some(&identifier))
    }

    /// Where the next record of a cyclic file goes.
    #[must_use]
    pub fn place_of_next(&self, sfi: u8) -> Option<Place> {
        let index = self.index(sfi)?;
        let file = self.file(index)?;
        (file.layout.kind == FileKind::Cyclic).then_some(Place { file: index, record: file.next })
    }

    /// How long the record at a place is.
    #[must_use]
    pub fn record_bytes(&self, place: Place) -> Option<u8> {
        Some(self.file(place.file)?.layout.record_bytes)
    }

    fn range(&self, place: Place) -> Option<core::ops::Range<usize>> {
        let file = self.file(place.file)?;
        let length = usize::from(file.layout.record_bytes);
        let begin = usize::from(file.begin) + length * usize::from(place.record);
        (place.record < file.layout.records).then_some(begin..begin + length)
    }

    fn at(&self, place: Place) -> Option<&[u8]> {
        self.content.get(self.range(place)?)
    }

    /// Writes a record and, in a cyclic file, moves on. The rest of a longer record stays as it is.
    pub(super) fn write_record(&mut self, place: Place, content: &[u8]) -> Option<()> {
        self.write_at(place, 0, content)?;
        let file = self.files.get_mut(usize::from(place.file))?.as_mut()?;
        if file.layout.kind == FileKind::Cyclic {
            file.next = file.next.wrapping_add(1) % file.layout.records.max(1);
        }
        Some(())
    }

    /// Writes bytes of a record or transparent file.
    pub(super) fn write_at(&mut self, place: Place, offset: usize, content: &[u8]) -> Option<()> {
        let range = self.range(place)?;
        let record = self.content.get_mut(range)?;
        record.get_mut(offset..offset.checked_add(content.len())?)?.copy_from_slice(content);
        Some(())
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        for file in &self.files {
            match file {
                None => body.put(&[0; 7]),
                Some(File { layout, begin, next }) => {
                    body.put(&[layout.sfi, layout.kind as u8, layout.record_bytes, layout.records]);
                    body.put(&begin.to_be_bytes());
                    body.byte(*next);
                }
            }
        }
        body.put(&self.content);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let mut files = Self { files: [None; FILES_MAX], content: [0; FILE_BYTES_MAX] };
        for place in &mut files.files {
            let ([sfi, kind, record_bytes, records], begin, next) =
                (body.take()?, body.take()?, body.byte()?);
            let kind = match kind {
                0 => continue,
                1 => FileKind::Transparent,
                2 => FileKind::Records,
                3 => FileKind::Cyclic,
                _ => return None,
            };
            let layout = FileLayout { sfi, kind, record_bytes, records };
            *place = Some(File { layout, begin: u16::from_be_bytes(begin), next });
        }
        files.content = body.take()?;
        Some(files)
    }
}

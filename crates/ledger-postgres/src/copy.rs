//! Rows in PostgreSQL's binary COPY form: the cheapest way in.

use std::io::Write;

use postgres::Transaction;

use crate::words::write_number;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// A length of −1 means NULL; a field count of −1 ends the rows.
const NULL: i32 = -1;

/// Rows on their way into one table.
#[derive(Debug)]
pub(crate) struct CopyRows {
    bytes: Vec<u8>,
    columns: i16,
}

impl CopyRows {
    pub(crate) fn new(columns: i16, rows: usize) -> Self {
        let mut bytes = Vec::with_capacity(rows * 256 + 64);
        bytes.extend_from_slice(SIGNATURE);
        // No flags, no extension of the header.
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes, columns }
    }

    pub(crate) fn begin_row(&mut self) {
        self.bytes.extend_from_slice(&self.columns.to_be_bytes());
    }

    pub(crate) fn wide(&mut self, value: u128) {
        self.field(&value.to_be_bytes());
    }

    pub(crate) fn wide_or_null(&mut self, value: u128) {
        if value == 0 { self.null() } else { self.wide(value) }
    }

    pub(crate) fn number(&mut self, value: u128) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        write_number(value, |part| self.bytes.extend_from_slice(part));
        let len = i32::try_from(self.bytes.len() - start - 4).expect("a number has few bytes");
        self.bytes[start..start + 4].copy_from_slice(&len.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.field(&value.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.field(&value.to_be_bytes());
    }

    pub(crate) fn i16(&mut self, value: i16) {
        self.field(&value.to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.field(value);
    }

    pub(crate) fn null(&mut self) {
        self.bytes.extend_from_slice(&NULL.to_be_bytes());
    }

    fn field(&mut self, value: &[u8]) {
        let len = i32::try_from(value.len()).expect("a field has few bytes");
        self.bytes.extend_from_slice(&len.to_be_bytes());
        self.bytes.extend_from_slice(value);
    }

    /// Sends the rows with a `COPY … FROM STDIN BINARY` statement.
    pub(crate) fn send(
        mut self,
        transaction: &mut Transaction<'_>,
        statement: &str,
    ) -> Result<(), postgres::Error> {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        let mut writer = transaction.copy_in(statement)?;
        // Where the server has refused the rows already, `finish` says why; a write can fail for no other reason.
        let _ = writer.write_all(&self.bytes);
        writer.finish().map(drop)
    }
}

//! Statement files of banks: no more lines than the file has, and nothing that the format does not allow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use operations::reconciliation::{BadFile, read_statement};

fuzz_target!(|text: &str| {
    let _refused = read_statement(text);
    // Few random files begin with the right line: this one does.
    let file = format!("reference,booked,currency,amount,direction,text\n{text}");
    match read_statement(&file) {
        Ok(lines) => {
            assert!(lines.len() < file.lines().count());
            assert!(lines.iter().all(|line| !line.reference.is_empty() && line.reference.len() <= 64));
        }
        Err(BadFile::Line(line)) => assert!((2..=file.lines().count()).contains(&line), "line {line}"),
        Err(BadFile::TooLong) => assert!(file.lines().count() > 100_000),
    }
});

//! A statement: pages of A4 with a table.

use krilla::Document;
use krilla::page::PageSettings;

use crate::fonts::{Fonts, Undrawable};
use crate::paper::{At, Pen, fitted};

/// One row of a statement, in the reader's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub time: String,
    /// What kind.
    pub kind: String,
    /// The other side, and what for.
    pub words: String,
    /// The amount with its sign.
    pub amount: String,
    /// The balance afterwards.
    pub balance: String,
}

/// What stands in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Who issues it.
    pub issuer: String,
    /// What it is: "Statement".
    pub title: String,
    /// Names and values above the table: holder, period, balances.
    pub facts: Vec<(String, String)>,
    /// The heads of the five columns.
    pub heads: Line,
    /// The rows, oldest first.
    pub lines: Vec<Line>,
    /// The words of the foot for page and number of pages, one for each page.
    pub feet: Vec<String>,
}

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 48.0;
const ROW: f32 = 17.0;
const SIZE: f32 = 9.0;
/// Where the columns begin or end.
const TIME: f32 = MARGIN;
const KIND: f32 = 148.0;
const WORDS: f32 = 206.0;
const AMOUNT: f32 = 460.0;
const BALANCE: f32 = WIDTH - MARGIN;

impl Statement {
    /// How many rows the first page has, below its facts.
    fn first_page_rows(&self) -> usize {
        let facts = u16::try_from(self.facts.len()).unwrap_or(u16::MAX);
        rows_below(150.0 + f32::from(facts) * 16.0)
    }

    /// How many pages a statement of so many facts and lines has: for the words of the feet.
    #[must_use]
    pub fn pages(&self) -> usize {
        let first = self.first_page_rows();
        let rest = self.lines.len().saturating_sub(first);
        1 + rest.div_ceil(rows_below(110.0).max(1))
    }
}

/// How many rows fit below `top`.
fn rows_below(top: f32) -> usize {
    let mut rows = 0_u16;
    while top + f32::from(rows + 1) * ROW <= HEIGHT - 60.0 {
        rows += 1;
    }
    usize::from(rows)
}

/// The statement as a PDF file.
///
/// # Errors
/// [`Undrawable`].
pub fn statement(fonts: &Fonts, statement: &Statement) -> Result<Vec<u8>, Undrawable> {
    let mut document = Document::new();
    let mut rest = statement.lines.as_slice();
    for page_number in 0..statement.pages() {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(Undrawable::Writer)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let mut pen = Pen { fonts, surface: &mut surface };
        pen.write(At::Left(MARGIN), 60.0, 14.0, &statement.issuer)?;
        pen.write(At::Right(BALANCE), 60.0, 14.0, &statement.title)?;
        let (top, capacity) = if page_number == 0 {
            (facts(&mut pen, statement)?, statement.first_page_rows())
        } else {
            (92.0, rows_below(110.0))
        };
        let (now, later) = rest.split_at(capacity.min(rest.len()));
        table(&mut pen, statement, now, top)?;
        rest = later;
        if let Some(foot) = statement.feet.get(page_number) {
            pen.write(At::Middle(WIDTH / 2.0), HEIGHT - 32.0, 8.0, foot)?;
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|_| Undrawable::Writer)
}

/// Writes the facts; answers where the table begins.
fn facts(pen: &mut Pen<'_, '_>, statement: &Statement) -> Result<f32, Undrawable> {
    let mut y = 92.0;
    for (name, value) in &statement.facts {
        pen.write(At::Left(MARGIN), y, 10.0, name)?;
        let value = fitted(pen.fonts, value, 10.0, BALANCE - KIND)?;
        pen.write(At::Left(KIND), y, 10.0, &value)?;
        y += 16.0;
    }
    Ok(y + 20.0)
}

fn table(pen: &mut Pen<'_, '_>, statement: &Statement, lines: &[Line], top: f32) -> Result<(), Undrawable> {
    row(pen, &statement.heads, top)?;
    pen.rule((MARGIN, BALANCE), top + 5.0);
    let mut y = top;
    for line in lines {
        y += ROW;
        row(pen, line, y)?;
    }
    pen.rule((MARGIN, BALANCE), y + 5.0);
    Ok(())
}

fn row(pen: &mut Pen<'_, '_>, line: &Line, y: f32) -> Result<(), Undrawable> {
    let words = fitted(pen.fonts, &line.words, SIZE, AMOUNT - WORDS - 70.0)?;
    let kind = fitted(pen.fonts, &line.kind, SIZE, WORDS - KIND - 4.0)?;
    pen.write(At::Left(TIME), y, SIZE, &line.time)?;
    pen.write(At::Left(KIND), y, SIZE, &kind)?;
    pen.write(At::Left(WORDS), y, SIZE, &words)?;
    pen.write(At::Right(AMOUNT), y, SIZE, &line.amount)?;
    pen.write(At::Right(BALANCE), y, SIZE, &line.balance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Line {
        let text = |what: &str| format!("{what} {number}");
        Line {
            time: text("2026-11-22"),
            kind: "付款".to_owned(),
            words: text("柳茶 · 早餐"),
            amount: "−¥8.50".to_owned(),
            balance: "¥1,234.50".to_owned(),
        }
    }

    fn sample(lines: usize) -> Statement {
        Statement {
            issuer: "细丝 Sycee".to_owned(),
            title: "对账单".to_owned(),
            facts: vec![("持卡人".to_owned(), "李林".to_owned()), ("期间".to_owned(), "2026-11".to_owned())],
            heads: line(0),
            lines: (0..lines).map(line).collect(),
            feet: Vec::new(),
        }
    }

    #[test]
    fn every_row_stands_on_a_page() {
        let Ok(fonts) = Fonts::find() else { return };
        for lines in [0, 1, 35, 36, 37, 820] {
            let pdf = statement(&fonts, &sample(lines)).unwrap();
            assert!(pdf.starts_with(b"%PDF-"), "{lines}");
            assert!(pdf.len() < 400_000, "{lines}: {} bytes", pdf.len());
        }
        let capacity = sample(0).first_page_rows();
        assert_eq!(sample(capacity).pages(), 1);
        assert_eq!(sample(capacity + 1).pages(), 2);
    }
}

//! A receipt: one page of A4, or a strip of 80 mm.

use krilla::Document;
use krilla::page::PageSettings;

use crate::fonts::{Fonts, Undrawable};
use crate::paper::{At, Pen, lines};

/// What stands on a receipt, in the reader's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who issues it.
    pub issuer: String,
    /// What it is: "Receipt".
    pub title: String,
    /// The amount with its sign.
    pub figure: String,
    /// How it ended: "Done".
    pub state: String,
    /// Names and values.
    pub rows: Vec<(String, String)>,
    /// Small print.
    pub notes: Vec<String>,
}

/// Width, height and margin of A4, in points.
const A4: (f32, f32, f32) = (595.0, 842.0, 62.0);

/// The receipt as a PDF file.
///
/// # Errors
/// [`Undrawable`].
pub fn receipt(fonts: &Fonts, receipt: &Receipt) -> Result<Vec<u8>, Undrawable> {
    let (width, height, margin) = A4;
    let (left, right, middle) = (margin, width - margin, width / 2.0);
    let mut document = Document::new();
    let settings = PageSettings::from_wh(width, height).ok_or(Undrawable::Writer)?;
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    let mut pen = Pen { fonts, surface: &mut surface };
    pen.write(At::Middle(middle), 90.0, 18.0, &receipt.issuer)?;
    pen.write(At::Middle(middle), 112.0, 11.0, &receipt.title)?;
    pen.write(At::Middle(middle), 166.0, 30.0, &receipt.figure)?;
    pen.write(At::Middle(middle), 190.0, 12.0, &receipt.state)?;
    let mut y = 230.0;
    for (name, value) in &receipt.rows {
        pen.rule((left, right), y - 16.0);
        pen.write(At::Left(left), y, 10.5, name)?;
        for line in lines(fonts, value, 10.5, right - left - 130.0)? {
            pen.write(At::Right(right), y, 10.5, &line)?;
            y += 16.0;
        }
        y += 10.0;
    }
    pen.rule((left, right), y - 16.0);
    for note in &receipt.notes {
        for line in lines(fonts, note, 9.0, right - left)? {
            pen.write(At::Middle(middle), y + 8.0, 9.0, &line)?;
            y += 14.0;
        }
    }
    surface.finish();
    page.finish();
    document.finish().map_err(|_| Undrawable::Writer)
}

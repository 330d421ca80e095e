//! Entries as the columns of a CSV file: one for each field that has bytes, named by its path.

use crate::input;
use crate::json;
use arenamap::fixed::described::{Input, Type, View};
use std::collections::BTreeMap;

/// Adds the names of the columns of a key or value.
pub(crate) fn columns(path: &str, of: &Type, names: &mut Vec<String>) {
    for member in of.members() {
        columns(&format!("{path}.{}", member.name()), member.of(), names);
    }
    if of.members().is_empty() && of.size() > 0 {
        names.push(path.to_owned());
    }
}

/// Adds the cells of a key or value, in the order of its columns.
pub(crate) fn cells(view: &View<'_>, cells_of_row: &mut Vec<String>) {
    for (_, field) in view.fields() {
        cells(&field, cells_of_row);
    }
    if view.of().members().is_empty() && view.of().size() > 0 {
        cells_of_row.push(json::text(view).unwrap_or_else(|| {
            let mut list = Vec::new();
            // Writing to memory does not fail.
            let _ = json::write(view, &mut list);
            String::from_utf8_lossy(&list).into_owned()
        }));
    }
}

/// Where the columns of a file are.
pub(crate) type Places = BTreeMap<String, usize>;

/// A key or value from the cells of a row; the error is the name of a column, and what is wrong with its cell.
pub(crate) fn row<'r>(
    path: &str,
    of: &Type,
    places: &Places,
    row: &'r csv::StringRecord,
) -> Result<Input<'r>, (String, String)> {
    if !of.members().is_empty() {
        let fields = of.members().iter().map(|member| {
            let path = format!("{path}.{}", member.name());
            let input = self::row(&path, member.of(), places, row)?;
            Ok::<_, (String, String)>((member.name().to_owned().into(), input))
        });
        return Ok(Input::Record(fields.collect::<Result<_, _>>()?));
    }
    if of.size() == 0 {
        return Ok(Input::Null);
    }
    let cell = places.get(path).and_then(|&place| row.get(place)).unwrap_or_default();
    if of.array().is_some() && !cell.starts_with("hex:") {
        return input::json(cell).map_err(|error| (path.to_owned(), format!("no JSON, as an array is: {error}")));
    }
    Ok(cell.into())
}

use crate::{
    Json, JsonError, Limits, Number,
    scan::machine::{Container, Scalar, Sink, run},
    scan::string::Text,
};

/// Reads a whole document into a tree.
///
/// # Errors
///
/// The first fault found: the grammar of RFC 8259, UTF-8, a byte order mark, duplicate keys at any depth
/// (however they are spelt), lone surrogates, data after the value, `limits`. Exactly what
/// [`scan`](crate::scan) refuses, except that the value need not be an object.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Json, JsonError> {
    let mut tree = Tree { open: Vec::new(), done: Json::Null };
    run(bytes, limits, &mut tree).map_err(|fault| *fault)?;
    Ok(tree.done)
}

/// Builds the tree from what the machine meets, without recursion: the arrays and objects still open,
/// outermost first.
struct Tree {
    open: Vec<Json>,
    done: Json,
}

impl Tree {
    fn put(&mut self, value: Json) {
        match self.open.last_mut() {
            Some(Json::Array(items)) => items.push(value),
            Some(Json::Object(members)) => {
                // `key` left a member waiting for its value.
                if let Some((_, waiting)) = members.last_mut() {
                    *waiting = value;
                }
            }
            _ => self.done = value,
        }
    }
}

impl Sink for Tree {
    fn open(&mut self, container: Container, _at: usize) {
        self.open.push(match container {
            Container::Array => Json::Array(Vec::new()),
            Container::Object => Json::Object(Vec::new()),
        });
    }

    fn key(&mut self, key: Text<'_>) {
        if let Some(Json::Object(members)) = self.open.last_mut() {
            members.push((key.decode().into_owned(), Json::Null));
        }
    }

    fn scalar(&mut self, scalar: Scalar<'_>, _at: usize, _end: usize) {
        self.put(match scalar {
            Scalar::Null => Json::Null,
            Scalar::Bool(value) => Json::Bool(value),
            Scalar::Number(text) => Json::Number(Number::from_checked(text)),
            Scalar::String(text) => Json::String(text.decode().into_owned()),
        });
    }

    fn close(&mut self, _end: usize) {
        if let Some(value) = self.open.pop() {
            self.put(value);
        }
    }
}

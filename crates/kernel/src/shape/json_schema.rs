//! Shapes of arguments, from the JSON Schema by which a tool describes its input.

use std::collections::BTreeMap;

use lastlook_canon::Json;

use super::{Member, Shape};

/// Nesting beyond this is not known.
const DEEPEST: usize = 16;

/// The most schemas that one tool's are followed into; beyond, what is left is not known.
const MOST_SCHEMAS: usize = 4_000;

impl Shape {
    /// What a JSON Schema says of a value's type.
    ///
    /// Understood are `type` (a word, or a list with `null`), `properties` and `required`, `items`, `enum` and `const`
    /// of one type, `anyOf` and `oneOf` whose branches agree beside `null`, and `$ref` into the same document. All else
    /// is [`Shape::Unknown`]: so is what is too deep or refers to itself, and an object that does not name its members.
    ///
    /// A member that may be `null` counts as one that may be absent: `null` never reaches Cedar.
    pub fn from_json_schema(schema: &Json) -> Shape {
        let mut walk = Walk { document: schema, following: Vec::new(), left: MOST_SCHEMAS };
        walk.shape(schema, 0).known()
    }
}

/// A shape (`None` for `null` and nothing else), and whether `null` may stand in its place.
struct Seen {
    shape: Option<Shape>,
    nullable: bool,
}

impl Seen {
    const NULL: Seen = Seen { shape: None, nullable: true };
    const UNKNOWN: Seen = Seen::of(Shape::Unknown);

    const fn of(shape: Shape) -> Seen {
        Seen { shape: Some(shape), nullable: false }
    }

    fn known(self) -> Shape {
        self.shape.unwrap_or(Shape::Unknown)
    }
}

struct Walk<'a> {
    document: &'a Json,
    following: Vec<&'a str>,
    left: usize,
}

impl<'a> Walk<'a> {
    fn shape(&mut self, schema: &'a Json, depth: usize) -> Seen {
        if depth > DEEPEST || self.left == 0 || schema.as_object().is_none() {
            return Seen::UNKNOWN;
        }
        self.left -= 1;
        // All keywords of a schema hold together, so a `type` is true whatever stands beside it.
        let seen = match schema.get("type") {
            Some(Json::String(word)) => self.typed(word, schema, depth),
            Some(Json::Array(words)) => self.types(words, schema, depth),
            Some(_) => Seen::UNKNOWN,
            None => self.untyped(schema, depth),
        };
        let nullable = schema.get("nullable").and_then(Json::as_bool) == Some(true);
        Seen { nullable: seen.nullable || nullable, ..seen }
    }

    fn untyped(&mut self, schema: &'a Json, depth: usize) -> Seen {
        if let Some(reference) = schema.get("$ref") {
            return self.reference(reference, depth);
        }
        if let Some(branches) = schema.get("anyOf").or_else(|| schema.get("oneOf")) {
            return self.branches(branches, depth);
        }
        match (schema.get("enum"), schema.get("const")) {
            (Some(Json::Array(values)), _) => literals(values),
            (None, Some(value)) => literals(std::slice::from_ref(value)),
            _ if schema.get("properties").is_some() => self.typed("object", schema, depth),
            _ => Seen::UNKNOWN,
        }
    }

    fn reference(&mut self, reference: &'a Json, depth: usize) -> Seen {
        let Some(reference) = reference.as_str() else { return Seen::UNKNOWN };
        let Some(pointer) = reference.strip_prefix('#') else { return Seen::UNKNOWN };
        if self.following.contains(&reference) {
            return Seen::UNKNOWN;
        }
        let Some(target) = self.document.pointer(pointer) else { return Seen::UNKNOWN };
        self.following.push(reference);
        let seen = self.shape(target, depth + 1);
        self.following.pop();
        seen
    }

    fn branches(&mut self, branches: &'a Json, depth: usize) -> Seen {
        let Some(branches) = branches.as_array() else { return Seen::UNKNOWN };
        let seen = branches.iter().map(|branch| self.shape(branch, depth + 1)).collect();
        agreed(seen)
    }

    fn types(&mut self, words: &'a [Json], schema: &'a Json, depth: usize) -> Seen {
        let seen = words.iter().map(|word| match word.as_str() {
            Some(word) => self.typed(word, schema, depth),
            None => Seen::UNKNOWN,
        });
        agreed(seen.collect())
    }

    fn typed(&mut self, word: &str, schema: &'a Json, depth: usize) -> Seen {
        match word {
            "string" => Seen::of(Shape::String),
            "integer" => Seen::of(Shape::Long),
            "number" => Seen::of(Shape::Decimal),
            "boolean" => Seen::of(Shape::Bool),
            "null" => Seen::NULL,
            "array" => Seen::of(Shape::set(self.elements(schema, depth))),
            "object" => Seen::of(self.object(schema, depth)),
            _ => Seen::UNKNOWN,
        }
    }

    fn elements(&mut self, schema: &'a Json, depth: usize) -> Shape {
        if schema.get("prefixItems").is_some() {
            return Shape::Unknown;
        }
        match schema.get("items") {
            // A set with `null` in it has no Cedar value, so there is nothing to say of it.
            Some(items) => match self.shape(items, depth + 1) {
                seen if seen.nullable => Shape::Unknown,
                seen => seen.known(),
            },
            None => Shape::Unknown,
        }
    }

    fn object(&mut self, schema: &'a Json, depth: usize) -> Shape {
        let Some(Json::Object(properties)) = schema.get("properties") else {
            // `{"type": "object", "additionalProperties": false}` names its members too: none.
            let closed = schema.get("additionalProperties").and_then(Json::as_bool) == Some(false);
            return if closed { Shape::Record(BTreeMap::new()) } else { Shape::Unknown };
        };
        let required: Vec<&str> = match schema.get("required") {
            Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        Shape::record(properties.iter().map(|(name, property)| {
            let seen = self.shape(property, depth + 1);
            let required = required.contains(&name.as_str()) && !seen.nullable;
            (name.as_str(), Member { shape: seen.known(), required })
        }))
    }
}

/// The one shape that all branches have, apart from `null`.
fn agreed(branches: Vec<Seen>) -> Seen {
    let nullable = branches.iter().any(|branch| branch.nullable);
    let mut shapes = branches.into_iter().filter_map(|branch| branch.shape);
    let Some(first) = shapes.next() else { return Seen { shape: None, nullable } };
    let shape = shapes.try_fold(first, |agreed, other| match (agreed, other) {
        (agreed, other) if agreed == other => Some(agreed),
        // An integer is a number, so the two together are numbers.
        (Shape::Long, Shape::Decimal) | (Shape::Decimal, Shape::Long) => Some(Shape::Decimal),
        _ => None,
    });
    Seen { shape: Some(shape.unwrap_or(Shape::Unknown)), nullable }
}

fn literals(values: &[Json]) -> Seen {
    let one = |value: &Json| match value {
        Json::Null => Seen::NULL,
        Json::Bool(_) => Seen::of(Shape::Bool),
        Json::String(_) => Seen::of(Shape::String),
        Json::Number(number) if super::number::is_integer(number) => Seen::of(Shape::Long),
        Json::Number(_) => Seen::of(Shape::Decimal),
        Json::Array(_) | Json::Object(_) => Seen::UNKNOWN,
    };
    agreed(values.iter().map(one).collect())
}

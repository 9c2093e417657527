//! Reference model, generators, test servers and clients (development only).

"""The part of .NET that scripts reach into: properties and methods of strings, collections, moments; static members."""

(component (import "a" (func)))

(component (import "m" (core module (import "" "f" (func)))))

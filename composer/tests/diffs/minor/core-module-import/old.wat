(component (import "m" (core module (export "g" (func)))))
